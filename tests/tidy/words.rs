//! Comments are plain technical English: the words that DESIGN section 1 excludes are counted.
//!
//! Deliberately absent: names and messages, and text between backticks.

use crate::rooms::room;
use crate::sources::Sources;
use std::collections::BTreeMap;

/// Well-known code bases have 1 to 7 (measured in omicron, firezone, uv, linkerd2-proxy).
const PER_1000_LINES_MAX: usize = 10;
/// How many files are printed.
const WORST: usize = 10;
/// The words, in all inflections.
const WORDS: &str = "tell tells told telling say says said saying hear hears heard hearing speak \
    speaks spoke spoken speaking stand stands stood standing lie lies lied lying \
    lain believe believes believed believing whoever";

/// Words and lines of comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    words: usize,
    lines: usize,
}

impl Count {
    fn per_1000(self) -> usize {
        (self.words * 1000).checked_div(self.lines).unwrap_or(0)
    }

    fn add(&mut self, other: Count) {
        self.words += other.words;
        self.lines += other.lines;
    }
}

/// The count of each file.
fn counts(sources: &Sources) -> BTreeMap<&str, Count> {
    let rust = sources.iter().filter(|(path, _)| path.ends_with(".rs"));
    rust.map(|(path, text)| (path.as_str(), count(text)))
        .collect()
}

fn count(text: &str) -> Count {
    let mut count = Count::default();
    for line in text.lines().map(str::trim_start) {
        if let Some(comment) = line.strip_prefix("//") {
            count.lines += 1;
            count.words += words(comment);
        }
    }
    count
}

/// Counts whole words outside backticks; `stand-by` is one word.
fn words(comment: &str) -> usize {
    let outside = comment.split('`').step_by(2);
    outside
        .flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && !"-_'".contains(c)))
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| WORDS.split(' ').any(|excluded| excluded == word))
        .count()
}

/// The whole tree is within the limit.
pub fn comments_are_plain(sources: &Sources) -> Vec<String> {
    let mut all = Count::default();
    counts(sources).values().for_each(|count| all.add(*count));
    let found = all.per_1000();
    (all.words * 1000 > PER_1000_LINES_MAX * all.lines)
        .then(|| {
            format!(
                "{found} excluded words in 1,000 lines of comments, {PER_1000_LINES_MAX} at most"
            )
        })
        .into_iter()
        .collect()
}

/// The whole tree, each room, and the worst files.
pub fn picture(sources: &Sources) -> String {
    let counts = counts(sources);
    let mut rooms: BTreeMap<&str, Count> = BTreeMap::new();
    let mut all = Count::default();
    for (path, count) in &counts {
        rooms.entry(place(path)).or_default().add(*count);
        all.add(*count);
    }
    let line = |name: &str, count: Count| {
        let Count { words, lines } = count;
        format!("{name} {words} in {lines} ({} in 1,000)", count.per_1000())
    };
    let mut worst: Vec<_> = counts.iter().filter(|(_, count)| count.words > 0).collect();
    worst.sort_by_key(|(_, count)| std::cmp::Reverse(count.words));
    let worst = worst.iter().take(WORST);
    let rooms = rooms.iter().map(|(name, count)| line(name, *count));
    format!(
        "excluded words in lines of comments: {}\n  {}\n  worst: {}\n",
        line("all", all),
        rooms.collect::<Vec<_>>().join(", "),
        worst
            .map(|(path, count)| format!("{path} {}", count.words))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// The room of a file; tests by their folder.
fn place(path: &str) -> &str {
    if path.starts_with("src/") {
        return room(path);
    }
    let end = path
        .match_indices('/')
        .nth(1)
        .map_or(path.len(), |(at, _)| at);
    &path[..end]
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::sources::fixture;

    #[test]
    fn excluded_words() {
        let text = "//! Whoever said so, lies; `told` is a name, and a stand-by is a side.\n\
            let told = 1;\n/// Understand the standby: TOLD.\n    // Nothing here.\n";
        let expected = Count { words: 4, lines: 3 };
        assert_eq!(count(text), expected);
    }

    #[test]
    fn too_many_of_them() {
        let text = format!("{}// said\n", "// plain\n".repeat(89));
        let few = fixture(&[("src/a.rs", &"// plain\n".repeat(11)), ("src/b.rs", &text)]);
        assert_eq!(comments_are_plain(&few), [""; 0]);
        let many = fixture(&[("src/b.rs", &text)]);
        let complaint = "11 excluded words in 1,000 lines of comments, 10 at most";
        assert_eq!(comments_are_plain(&many), [complaint]);
    }
}
