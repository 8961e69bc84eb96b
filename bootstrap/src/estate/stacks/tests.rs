//! The wiring against the templates themselves.

use super::*;
use crate::estate::template_shape::shape;
use std::collections::{BTreeMap, BTreeSet, HashSet};

#[test]
fn every_parameter_without_a_default_is_supplied_and_none_that_does_not_exist() {
    let mut wrong = Vec::new();
    for template in Template::ALL {
        let declared = shape(template.source()).parameters;
        let supplied: BTreeSet<&str> = sources(template).iter().map(|(name, _)| *name).collect();
        for (name, has_default) in &declared {
            if !has_default && !supplied.contains(name.as_str()) {
                wrong.push(format!("{}: {name} is not supplied", template.name()));
            }
        }
        for name in supplied {
            if !declared.iter().any(|(declared, _)| declared == name) {
                wrong.push(format!("{}: {name} does not exist", template.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_output_that_is_taken_exists() {
    let mut wrong = Vec::new();
    for template in Template::ALL {
        for (name, source) in sources(template) {
            let Source::Output(from, _, output) = source else {
                continue;
            };
            if !shape(from.source()).outputs.iter().any(|o| o == output) {
                wrong.push(format!(
                    "{}: {name} <- {}.{output}",
                    template.name(),
                    from.name()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_order_of_all_stacks_is_one_in_which_they_can_be_built() {
    let mut built = HashSet::new();
    for id in StackId::all() {
        for needed in id.after() {
            assert!(built.contains(&needed), "{id} needs {needed} first");
        }
        built.insert(id);
    }
    assert_eq!(built.len(), 20);
}

#[test]
fn whoever_connects_to_a_database_takes_the_port_that_its_cluster_has() {
    let suffix = Suffix::new("shop1").expect("a suffix");
    let settings = Settings::resolve(&suffix, None, &BTreeMap::new()).expect("the defaults");
    for role in Role::BOTH {
        let given = |template: Template, name: &str| {
            let id = StackId::sided(template, role);
            crate::estate::values::parameters(id, &settings, &BTreeMap::new())[name].clone()
        };
        let cluster = given(Template::Data, "Port").expect("given, or CloudFormation takes 3306");
        assert_eq!(
            given(Template::Network, "DatabasePort"),
            Some(cluster),
            "{role:?}"
        );
    }
    let app = sources(Template::App);
    let taken = app.iter().find(|(name, _)| *name == "DatabasePort");
    let output = Source::Output(Template::Data, StackOf::Same, "Port");
    assert_eq!(
        format!("{:?}", taken.map(|(_, source)| source)),
        format!("{:?}", Some(output))
    );
}

#[test]
fn a_lost_host_of_the_primary_has_a_reader_to_take_over_by_default() {
    let suffix = Suffix::new("shop1").expect("a suffix");
    let settings = Settings::resolve(&suffix, None, &BTreeMap::new()).expect("the defaults");
    let instances = |role| {
        let id = StackId::sided(Template::Data, role);
        crate::estate::values::parameters(id, &settings, &BTreeMap::new())["Instances"].clone()
    };
    assert_eq!(instances(Role::Primary).as_deref(), Some("2"));
    assert_eq!(instances(Role::Standby).as_deref(), Some("1"));
}

#[test]
fn templates_fit_into_a_request() {
    for template in Template::ALL {
        let size = template.body().len();
        assert!(size < 51_200, "{} has {size} bytes", template.name());
        assert!(!template.body().contains("@@"), "{}", template.name());
    }
}

#[test]
fn names_say_what_where_and_whose() {
    let suffix = Suffix::new("shop1").expect("a suffix");
    let names: Vec<String> = StackId::all().iter().map(|id| id.name(&suffix)).collect();
    assert!(names.contains(&"stack-data-standby-shop1".to_owned()));
    assert!(names.contains(&"stack-edge-shop1".to_owned()));
}
