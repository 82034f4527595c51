import { useEffect, useState } from "preact/hooks";

/** A parsed location: `#/block/12?x=1` is `{page: "block", argument: "12", query: x=1}`. */
export interface Route {
  page: string;
  argument: string;
  query: URLSearchParams;
}

export function currentRoute(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = path.split("/");
  return { page, argument: rest.join("/"), query: new URLSearchParams(query) };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    const onChange = () => setRoute(currentRoute());
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return route;
}

export function goTo(hash: string): void {
  location.hash = hash;
}
