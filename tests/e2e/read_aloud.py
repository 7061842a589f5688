"""What a screen reader says on its way down a page, from the tree that Chromium gives it."""

from collections.abc import Iterator

from playwright.sync_api import Page

# A role, as screen readers call it. Who comes to one of the first hears its name and not what is in it.
SAID_AS_ONE = {
    "button": "button",
    "checkbox": "check box",
    "combobox": "combo box",
    "heading": "heading",
    "image": "image",
    "link": "link",
    "radio": "radio button",
    "textbox": "edit text",
}
CONTAINERS = {
    "alert": "alert",
    "complementary": "complementary",
    "form": "form",
    "group": "group",
    "list": "list",
    "main": "main",
    "navigation": "navigation",
    "radiogroup": "group",
    "region": "region",
    "status": "status",
}
STATES = {"required": "required", "disabled": "unavailable", "focused": "has the focus"}
INDENT = "  "


def transcript(page: Page) -> str:
    """Of the main landmark: a line for each thing that is said, set in below the group that it is in."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    tree = {node["nodeId"]: node for node in nodes}
    (main,) = (node for node in nodes if value(node, "role") == "main")
    return "\n".join(lines(tree, main, 0)) + "\n"


def lines(tree: dict, node: dict, depth: int) -> Iterator[str]:
    role = "" if node["ignored"] else value(node, "role")
    if role in SAID_AS_ONE:
        yield INDENT * depth + ", ".join(words(node, SAID_AS_ONE[role]))
        return
    if role == "StaticText":
        yield INDENT * depth + value(node, "name").strip()
        return
    if role in CONTAINERS:
        yield INDENT * depth + ", ".join(words(node, CONTAINERS[role]))
        depth += 1
    for child in node.get("childIds", []):
        if child in tree:
            yield from lines(tree, tree[child], depth)


def words(node: dict, role: str) -> Iterator[str]:
    properties = {each["name"]: each["value"].get("value") for each in node.get("properties", [])}
    yield f"{role} level {properties['level']}" if role == "heading" else role
    if name := value(node, "name"):
        yield f"“{name}”"
    if "checked" in properties:
        yield "checked" if properties["checked"] == "true" else "not checked"
    if typed := value(node, "value"):
        yield f"contains “{typed}”"
    yield from (said for state, said in STATES.items() if properties.get(state) is True)
    if properties.get("invalid") == "true":
        yield "invalid entry"
    if description := value(node, "description"):
        yield f"described as “{description}”"


def value(node: dict, name: str) -> str:
    return str(node.get(name, {}).get("value", ""))
