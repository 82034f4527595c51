import { useEffect, useState } from "preact/hooks";

/** A parsed location: `#/block/12?x=1` is `{page: "block", argument: "12", query: x=1}`. */
export interface Route {
  page: string;
  argument: string;
  query: URLSearchParams;
}

function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = path.split("/");
  return { page, argument: rest.join("/"), query: new URLSearchParams(query) };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const onChange = () => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return route;
}

export function goTo(hash: string): void {
  location.hash = hash;
}
