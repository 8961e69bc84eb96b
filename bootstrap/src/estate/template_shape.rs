//! Reads the little of our own templates that planning needs, line by line: they are ours, and a
//! test holds their shape (two spaces, one key a line). Deliberately absent: YAML.

/// What a template declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateShape {
    /// Its parameters, and whether each has a default.
    pub parameters: Vec<(String, bool)>,
    /// How many resources it always makes.
    pub always: usize,
    /// How many more it makes under some condition.
    pub sometimes: usize,
    /// Its outputs.
    pub outputs: Vec<String>,
}

/// Reads a template.
pub fn shape(body: &str) -> TemplateShape {
    let mut shape = TemplateShape::default();
    let mut section = "";
    for line in body.lines() {
        let indent = line.len() - line.trim_start().len();
        let Some((key, _)) = line.trim().split_once(':') else {
            continue;
        };
        if line.trim_start().starts_with('#') {
            continue;
        }
        match (indent, section, key) {
            (0, _, _) => section = &line[..key.len()],
            (2, "Parameters", _) => shape.parameters.push((key.to_owned(), false)),
            (4, "Parameters", "Default") => {
                if let Some(last) = shape.parameters.last_mut() {
                    last.1 = true;
                }
            }
            (2, "Resources", _) => shape.always += 1,
            (4, "Resources", "Condition") => {
                shape.always -= 1;
                shape.sometimes += 1;
            }
            (2, "Outputs", _) => shape.outputs.push(key.to_owned()),
            _ => {}
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_resources_and_outputs_are_counted() {
        let body = "Parameters:\n  Suffix:\n    Type: String\n  Email:\n    Type: String\n    \
            Default: ''\nResources:\n  # Why\n  Key:\n    Type: AWS::KMS::Key\n  Extra:\n    \
            Type: A\n    Condition: Wanted\nOutputs:\n  KeyArn:\n    Value: !GetAtt Key.Arn\n";
        let found = shape(body);
        assert_eq!(
            found.parameters,
            [("Suffix".to_owned(), false), ("Email".to_owned(), true)]
        );
        assert_eq!((found.always, found.sometimes), (1, 1));
        assert_eq!(found.outputs, ["KeyArn"]);
    }
}
