import { useEffect, useState } from "preact/hooks";
import { connectionWords } from "./connection.ts";
import icon from "./icon.svg";
import { live } from "./live.ts";
import type { Markup } from "./markup.ts";
import { goTo } from "./route.ts";
import { find } from "./search.ts";
import { keepIfPossible, useStore } from "./store.ts";

const places = [
  { page: "", name: "Overview" },
  { page: "blocks", name: "Blocks" },
  { page: "authorities", name: "Authorities" },
  { page: "peers", name: "Peers" },
  { page: "wallet", name: "Wallet" },
];
/** Pages that have no entry in the navigation, and the entry that is marked while they are shown. */
const within: Readonly<Record<string, string>> = {
  block: "blocks",
  forks: "blocks",
  "long-term": "",
  tx: "blocks",
  mempool: "blocks",
  receive: "wallet",
};

export function Header({ page }: { page: string }): Markup {
  const { status } = useStore(live);
  return (
    <header>
      <div class="bar">
        <a class="brand" href="#/">
          <span class="icon" aria-hidden="true" dangerouslySetInnerHTML={{ __html: icon }}></span>
          <span>{status?.name ?? "ccoin"}</span>
        </a>
        <nav aria-label="Pages">
          {places.map((place) => (
            <a
              key={place.page}
              href={`#/${place.page}`}
              aria-current={place.page === (within[page] ?? page) ? "page" : undefined}
            >
              {place.name}
            </a>
          ))}
        </nav>
        <Search />
        <Connection />
        <Theme />
      </div>
    </header>
  );
}

function Search(): Markup {
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const forget = () => setProblem("");
    addEventListener("hashchange", forget);
    return () => removeEventListener("hashchange", forget);
  }, []);
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const text = new FormData(form).get("q") as string;
    if (text.trim() === "") return;
    try {
      goTo(await find(text));
      setProblem("");
      form.reset();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <search> element would be one more around the form.
    <form class="search" role="search" onSubmit={onSubmit}>
      <label class="unseen" for="q">
        Height, id or address
      </label>
      <input
        id="q"
        name="q"
        type="search"
        placeholder="Height, id or address"
        autocomplete="off"
        spellcheck={false}
        aria-describedby={problem ? "search-problem" : undefined}
        aria-invalid={problem ? "true" : undefined}
        onInput={() => setProblem("")}
      />
      {problem ? (
        <p id="search-problem" class="problem" role="alert">
          {problem}
        </p>
      ) : null}
    </form>
  );
}

function Connection(): Markup {
  const { connection, status, diagnosis } = useStore(live);
  const [tone, text] = connectionWords({ connection, status, diagnosis });
  // The overview explains the state.
  const isExplained = connection === "open" && diagnosis !== undefined && diagnosis.state !== "ok";
  return (
    <span class={`connection ${tone}`} role="status">
      {isExplained ? <a href="#/">{text}</a> : text}
    </span>
  );
}

function Theme(): Markup {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const [theme, setTheme] = useState(document.documentElement.dataset["theme"] ?? system);
  const other = theme === "dark" ? "light" : "dark";
  const toggle = () => {
    document.documentElement.dataset["theme"] = other;
    keepIfPossible("ccoin.theme", other);
    setTheme(other);
  };
  return (
    <button type="button" class="theme" onClick={toggle} aria-label={`Use the ${other} theme`}>
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <circle cx="10" cy="10" r="7" />
        <path d="M10 3a7 7 0 0 1 0 14z" />
      </svg>
    </button>
  );
}
