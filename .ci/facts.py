"""Runs facts: functions that assert what their names say."""


def check(facts):
    for fact in facts:
        fact()
        print(f"ok: {fact.__name__}")
    print(f"{len(facts)} passed, 0 failed")
