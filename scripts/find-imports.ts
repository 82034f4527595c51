/** A module that a TypeScript text names; `line` counts from 1. */
export interface ImportedModule {
  specifier: string;
  line: number;
}

type Token = { kind: "word" | "string" | "punctuation"; text: string; line: number };

/** Words after which a `/` starts a regular expression, not a division. */
const beforeRegex = new Set([
  "return",
  "typeof",
  "case",
  "in",
  "of",
  "delete",
  "void",
  "throw",
  "new",
  "else",
  "do",
]);

/**
 * Finds every module named by `import … from`, `export … from`, `import "…"`, `import("…")`, `typeof import("…")` or
 * `require("…")`, including type-only ones. Skips comments, strings, templates and regular expressions.
 */
export function findImports(text: string): ImportedModule[] {
  const tokens = tokenize(text);
  return tokens.flatMap((token, index) => {
    if (token.kind !== "string") return [];
    const [before, previous] = [tokens[index - 2], tokens[index - 1]];
    const isWord = (candidate: Token | undefined, ...words: string[]) =>
      candidate?.kind === "word" && words.includes(candidate.text);
    const named = isWord(previous, "from", "import");
    const called = previous?.text === "(" && isWord(before, "import", "require");
    return named || called ? [{ specifier: token.text, line: token.line }] : [];
  });
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  /** For each open `{`, true if it belongs to a template's `${`. */
  const braces: boolean[] = [];
  let line = 1;
  let at = 0;

  const push = (kind: Token["kind"], value: string) => tokens.push({ kind, text: value, line });
  const skipTo = (end: number) => {
    line += text.slice(at, end).split("\n").length - 1;
    at = end;
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  /** Skips up to and including the closing backtick or the next `${`. */
  const skipTemplate = () => {
    const part = match(/(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{|$)/y) ?? "";
    if (part.endsWith("${")) braces.push(true);
    else push("punctuation", "`");
    skipTo(at + part.length);
  };

  while (at < text.length) {
    const skipped = match(/\s+|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y);
    if (skipped) {
      skipTo(at + skipped.length);
      continue;
    }
    const word = match(/[\p{ID_Start}$_#@0-9][\p{ID_Continue}$\u200c\u200d]*/uy);
    const string =
      word === undefined ? match(/"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y) : undefined;
    const regex =
      word === undefined && text[at] === "/" && regexMayStart(tokens.at(-1))
        ? match(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y)
        : undefined;
    if (word !== undefined) push("word", word);
    else if (string !== undefined) push("string", string.slice(1, -1));
    else if (regex !== undefined) push("punctuation", "/regex/");
    if (word ?? string ?? regex) {
      skipTo(at + (word ?? string ?? regex ?? "").length);
      continue;
    }
    const character = text[at] ?? "";
    at++;
    if (character === "`") skipTemplate();
    else if (character === "}" && braces.pop()) skipTemplate();
    else {
      if (character === "{") braces.push(false);
      push("punctuation", character);
    }
  }
  return tokens;
}

function regexMayStart(previous: Token | undefined): boolean {
  if (!previous) return true;
  if (previous.kind === "word") return beforeRegex.has(previous.text);
  return previous.kind === "punctuation" && !/^[)\]}`]$|^\/regex\/$/.test(previous.text);
}
