"""What a template comes to for given parameters: conditions decided, `Fn::If` taken, resources that are not made left out.

Deliberately absent: everything only AWS knows (`Fn::GetAtt`, references to resources), which stays as it is.
"""

from typing import Any

from loading import Template

GONE = {"Ref": "AWS::NoValue"}


class Resolved:
    """A template with its parameters filled in."""

    def __init__(self, template: Template, **given: str):
        self.template = template
        unknown = set(given) - set(template.parameters)
        assert not unknown, f"{template.name} has no parameter {unknown}"
        self.parameters = {
            name: str(given.get(name, parameter.get("Default", f"<{name}>")))
            for name, parameter in template.parameters.items()
        }
        self.resources = {
            logical_id: self.value(resource)
            for logical_id, resource in template.resources.items()
            if "Condition" not in resource or self.decide({"Condition": resource["Condition"]})
        }

    def properties(self, logical_id: str) -> dict[str, Any]:
        return self.resources[logical_id]["Properties"]

    def decide(self, condition: Any) -> bool:
        (function, argument), *_ = condition.items()
        match function:
            case "Condition":
                return self.decide(self.template.body["Conditions"][argument])
            case "Fn::Equals":
                left, right = (self.value(side) for side in argument)
                return str(left) == str(right)
            case "Fn::Not":
                return not self.decide(argument[0])
            case "Fn::And":
                return all(map(self.decide, argument))
            case "Fn::Or":
                return any(map(self.decide, argument))
        raise ValueError(f"{function} is no condition")

    def value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [item for item in map(self.value, value) if item != GONE]
        if not isinstance(value, dict):
            return value
        if "Fn::If" in value:
            condition, yes, no = value["Fn::If"]
            return self.value(yes if self.decide({"Condition": condition}) else no)
        if value.get("Ref") in self.parameters:
            return self.parameters[value["Ref"]]
        inner = {key: self.value(item) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item != GONE}
