//! Puts the text of our Lambda functions into the templates that carry them.
//!
//! A template holds `ZipFile: '@@lambda/lag.py@@'`; the file takes the quoted text's place as one
//! JSON string, which is a YAML string too, so that nothing in the file can end it. Functions stay
//! in files of their own, where tests run them. Deliberately absent: every other kind of
//! templating; CloudFormation has its own.

/// Files that templates may name.
const FILES: [(&str, &str); 2] = [
    ("lambda/lag.py", include_str!("../../lambda/lag.py")),
    ("lambda/witness.py", include_str!("../../lambda/witness.py")),
];

/// The template with every placeholder replaced.
pub(crate) fn render(template: &str) -> String {
    let mut out = template.to_owned();
    for (name, text) in FILES {
        let quoted = serde_json::Value::from(text).to_string();
        out = out.replace(&format!("'@@{name}@@'"), &quoted);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_takes_its_place_as_one_line() {
        let out = render("Code:\n  ZipFile: '@@lambda/lag.py@@'\nNext: 1\n");
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 3, "the function ended its own string");
        let quoted = lines[1]
            .trim_start()
            .strip_prefix("ZipFile: ")
            .expect("a value");
        let back: String = serde_json::from_str(quoted).expect("a JSON string");
        assert_eq!(back, FILES[0].1);
    }

    #[test]
    fn what_is_no_placeholder_stays() {
        let text = "a: '@@not/there@@'\nb: 1\n";
        assert_eq!(render(text), text);
    }
}
