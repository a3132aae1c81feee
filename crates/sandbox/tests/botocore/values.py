"""Values at and just past every bound of a shape, and whether the service model takes a value.

Both come from botocore's model alone; nothing here knows the sandbox.
"""

import regex


def takes(shape, value):
    """Whether the model takes this value for this shape. The value has the right JSON type."""
    meta = shape.metadata
    kind = shape.type_name
    if kind == "structure":
        required = all(name in value for name in shape.required_members)
        return required and all(takes(shape.members[name], member) for name, member in value.items())
    if kind == "list":
        return within(len(value), meta) and all(takes(shape.member, item) for item in value)
    if kind == "map":
        return within(len(value), meta) and all(
            takes(shape.key, key) and takes(shape.value, item) for key, item in value.items()
        )
    if kind == "string":
        enum = shape.enum
        return (
            within(len(value), meta)
            and ("pattern" not in meta or bool(regex.fullmatch(meta["pattern"], value)))
            and (not enum or value in enum)
        )
    if kind in ("integer", "long", "float", "double"):
        return within(value, meta)
    return True


def within(number, meta):
    return meta.get("min", number) <= number <= meta.get("max", number)


def candidates(shape, good):
    """Values to send for a member with a known good value: some that the model accepts, some that it refuses."""
    kind = shape.type_name
    if kind == "string":
        return strings(shape, good)
    if kind in ("integer", "long"):
        meta = shape.metadata
        bounds = [meta[name] for name in ("min", "max") if name in meta]
        return [good] + [bound + step for bound in bounds for step in (-1, 0, 1)]
    if kind in ("float", "double"):
        meta = shape.metadata
        bounds = [meta[name] for name in ("min", "max") if name in meta]
        return [good] + [bound + step for bound in bounds for step in (-0.5, 0, 0.5)]
    if kind == "list":
        return lists(shape, good)
    if kind == "map":
        return maps(shape, good)
    if kind == "structure":
        return [good, {}] + [
            {**good, name: value}
            for name, member in shape.members.items()
            for value in candidates(member, good.get(name, default(member)))
        ]
    return [good, not good]


ODD = ["a b", "a/b", "ä", "é", "€", "a\n", "\n", "\t", " ", "a#b", "%", "aws:x", "AWS:x", "*", "0", "-", "_", ".", "🌸", ""]


def strings(shape, good):
    if shape.enum:
        return list(shape.enum) + ["", "NOTHING", good.lower(), good + " "]
    meta = shape.metadata
    lengths = sorted({n for bound in ("min", "max") if bound in meta for n in (meta[bound] - 1, meta[bound], meta[bound] + 1)})
    values = [good, *ODD, good + "\n", " " + good, good + "/", good.upper(), good + "é"]
    values += [stretched(good, n) for n in lengths if n >= 0]
    values += [letter * n for letter in ("a", "1") for n in lengths if n >= 0]
    if good.startswith("arn:"):
        parts = good.split(":")
        values += [":".join(parts[:i] + [""] + parts[i + 1 :]) for i in range(len(parts))]
        values += [good.replace(parts[4], parts[4][:-1]), good.replace(parts[4], parts[4] + "0")]
        values += [good.rsplit("/", 1)[0], good + "x", good.replace("arn:aws:", "arn:aws-cn:"), good.replace("project/", "project//")]
        names = good.split("/")
        values += ["/".join([names[0], "n" * n, *names[2:]]) for n in (1, 255, 256)]
    return values


def stretched(good, length):
    """A text of this length, in the form of the good value if that is possible."""
    if len(good) >= length:
        return good[:length]
    if good.startswith("arn:aws:"):
        return "arn:" + "a" * (length - len(good)) + good[4:]
    return good + good[-1:] * (length - len(good)) if good else "a" * length


def lists(shape, good):
    meta = shape.metadata
    sizes = {0, 1, 2}
    sizes |= {meta[bound] + step for bound in ("min", "max") if bound in meta for step in (-1, 0, 1)}
    item = good[0] if good else default(shape.member)
    several = [[item] * size for size in sorted(sizes) if size >= 0]
    return several + [[value] for value in candidates(shape.member, item)]


def maps(shape, good):
    meta = shape.metadata
    key, value = next(iter(good.items()), ("key", "value"))
    sizes = sorted({meta["max"] + step for step in (-1, 0, 1)} | {0, 1})
    several = [{f"{key}{n}": value for n in range(size)} for size in sizes]
    keys = [{candidate: value} for candidate in candidates(shape.key, key)]
    return several + keys + [{key: candidate} for candidate in candidates(shape.value, value)]


def default(shape):
    """A value of the right JSON type."""
    kind = shape.type_name
    if kind == "structure":
        return {}
    if kind == "list":
        return []
    if kind == "map":
        return {}
    if kind == "string":
        return shape.enum[0] if shape.enum else "abcdefgh"
    if kind == "boolean":
        return True
    return shape.metadata.get("min", 1)
