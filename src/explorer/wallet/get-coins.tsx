import { useState } from "preact/hooks";
import { ApiError, request } from "../../client/http.ts";
import { client, live } from "../live.ts";
import type { Markup } from "../markup.ts";
import { Problem } from "../parts/layout.tsx";
import { useStore } from "../store.ts";

/** The name that `ccoin start` gives to a development chain. */
const developmentName = "dev";

/** Asks the node of a development chain for coins. Other chains give none. */
export function GetCoins({ address }: { address: string }): Markup {
  const { status } = useStore(live);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  if (status?.name !== developmentName) return null;
  const ask = async () => {
    setBusy(true);
    const path = `/v1/accounts/${address}/coins`;
    setError(await request(client.url, path, { method: "POST" }).then(() => undefined, inWords));
    setBusy(false);
  };
  return (
    <div class="panel">
      <p class="actions">
        <button type="button" onClick={ask} disabled={isBusy}>
          Get coins
        </button>
        <span class="quiet">
          This is a development chain: its node gives some, and they are worth nothing.
        </span>
      </p>
      {error ? <Problem error={error} /> : null}
    </div>
  );
}

function inWords(error: Error): Error {
  const isElsewhere = error instanceof ApiError && error.code === "NOT_FOUND";
  return isElsewhere ? new Error("The node gives coins on its own machine only.") : error;
}
