"""Step Functions' JSONata, as far as the examples use it."""

import json
import re

from jsonata import Jsonata


def evaluate(value, states):
    """A state's field as Step Functions sees it: strings of the form {% ... %} are expressions."""
    if isinstance(value, dict):
        return {name: evaluate(inner, states) for name, inner in value.items()}
    if isinstance(value, list):
        return [evaluate(inner, states) for inner in value]
    if isinstance(value, str) and value.startswith("{%"):
        expression = Jsonata(value.removeprefix("{%").removesuffix("%}"))
        expression.assign("states", states)
        return expression.evaluate(None)
    return value


def substituted(definition, values):
    """A definition with DefinitionSubstitutions filled in."""
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda m: str(values[m[1]]), json.dumps(definition)))
