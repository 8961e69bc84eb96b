//! Text in 80 columns, broken between words only.
//!
//! Deliberately absent: hyphens. A word that is longer than a line keeps a line of its own, so that a path or an
//! ARN can be copied.

/// Columns of a screen.
const COLUMNS: usize = 80;

/// `text` after `first`, its further lines indented as far as `first` is wide.
pub fn wrap(first: &str, text: &str) -> String {
    let indent = first.chars().count();
    let mut out = first.to_owned();
    let mut column = indent;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > indent && column + 1 + width > COLUMNS {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_end_between_words_and_long_words_stay_whole() {
        let long = "x".repeat(90);
        let text = format!("{} {long} end", "word ".repeat(20));
        let wrapped = wrap("  Why  ", &text);
        let words: Vec<&str> = wrapped.split_whitespace().skip(1).collect();
        assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
        for line in wrapped.lines().filter(|line| !line.contains(&long)) {
            assert!(line.len() <= 80, "{line}");
        }
        assert!(
            wrapped
                .lines()
                .skip(1)
                .all(|line| line.starts_with("       "))
        );
    }
}
