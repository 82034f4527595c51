/**
 * An ignore plugin for Stryker: texts for people are not mutated. These are calls of a logger, with whatever does
 * nothing else than log, and the texts and causes of errors, the reasons of penalties, and the details of refusals;
 * their codes are mutated. No test should repeat a text word by word.
 */

/** The used part of a node of Babel's syntax tree. */
interface Node {
  type: string;
  [field: string]: unknown;
}

interface Path {
  node: Node;
  parent?: Node;
  parentPath?: Path | null;
}

const levels = new Set(["trace", "debug", "info", "warn", "error", "fatal"]);

export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "texts",
    value: {
      shouldIgnore({ node, parentPath }: Path): string | undefined {
        if (onlyLogs(node)) return "it only logs";
        if (isText(node) && isOfError(parentPath)) return "the text of an error";
        if (isCause(node) && isOfError(parentPath)) return "the cause of an error";
        return undefined;
      },
    },
  },
];

/** True for a call of a logger, and for a statement or function of nothing but such calls. */
function onlyLogs(node: unknown): boolean {
  if (!isNode(node)) return false;
  switch (node.type) {
    case "CallExpression": {
      const callee = node["callee"];
      return (
        isNode(callee) &&
        isMember(callee) &&
        levels.has(nameOf(callee["property"])) &&
        /logger$/i.test(nameOf(callee["object"]))
      );
    }
    case "ExpressionStatement":
      return onlyLogs(node["expression"]);
    case "ArrowFunctionExpression":
      return onlyLogs(node["body"]);
    case "IfStatement":
      return !node["alternate"] && onlyLogs(node["consequent"]);
    case "BlockStatement": {
      const statements = node["body"] as Node[];
      return statements.length > 0 && statements.every(onlyLogs);
    }
    default:
      return false;
  }
}

/**
 * True for `new …Error(…)`, for a call that makes or throws one, for `super(…)` with a text, which errors alone have,
 * for the reason of a penalty, and for the detail of a refusal.
 */
function isOfError(path: Path | null | undefined): boolean {
  if (path?.node.type === "VariableDeclarator") return nameOf(path.node["id"]) === "detail";
  if (path?.node.type === "NewExpression") return /Error$/.test(nameOf(path.node["callee"]));
  if (path?.node.type !== "CallExpression") return false;
  const { callee } = path.node;
  return (
    nameOf(callee) === "penalize" ||
    nameOf(callee) === "refuse" ||
    path.parent?.type === "ThrowStatement" ||
    nameOf(callee) === "damaged" ||
    (isNode(callee) && callee.type === "Super")
  );
}

/** `{ cause }` and nothing else, which only logs show. */
function isCause(node: Node): boolean {
  if (node.type !== "ObjectExpression") return false;
  const properties = node["properties"] as Node[];
  return properties.length === 1 && nameOf(properties[0]!["key"]) === "cause";
}

/** A string of several words, or one that is put together or chosen from such; codes and names are of one word. */
function isText(node: unknown): boolean {
  if (!isNode(node)) return false;
  if (node.type === "BinaryExpression") return isText(node["left"]) && isText(node["right"]);
  if (node.type === "ConditionalExpression") return isText(node["consequent"]) && isText(node["alternate"]);
  if (node.type === "TemplateLiteral") return true;
  return node.type === "StringLiteral" && /\s/.test(String(node["value"]));
}

/** Returns `logger` for `logger`, `#logger` and `this.#options.logger`. */
function nameOf(node: unknown): string {
  if (!isNode(node)) return "";
  if (isMember(node)) return nameOf(node["property"]);
  return node.type === "PrivateName" ? nameOf(node["id"]) : String(node["name"] ?? "");
}

function isMember(node: Node): boolean {
  return node.type === "MemberExpression" || node.type === "OptionalMemberExpression";
}

function isNode(node: unknown): node is Node {
  return typeof node === "object" && node !== null && "type" in node;
}
