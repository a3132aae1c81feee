"""EventBridge's event patterns, as far as ours use them: exact values, `prefix`, `anything-but`, `exists` and `$or`; any other
operator is an error. Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
"""


def matches(pattern, event):
    return all(agrees(field, wanted, event) for field, wanted in pattern.items())


def agrees(field, wanted, event):
    if field == "$or":
        return any(matches(option, event) for option in wanted)
    if isinstance(wanted, dict):
        return matches(wanted, event.get(field, {}))
    return any(accepts(matcher, event.get(field)) for matcher in wanted)


def accepts(matcher, value):
    """Whether one matcher of a field's list accepts its value; `None` is a field that isn't there."""
    if not isinstance(matcher, dict):
        return value == matcher
    ((operator, operand),) = matcher.items()
    match operator:
        case "exists":
            return (value is not None) == operand
        case "prefix":
            return isinstance(value, str) and value.startswith(operand)
        case "anything-but":
            return value is not None and value != operand
    raise NotImplementedError(operator)
