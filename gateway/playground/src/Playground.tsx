import { GraphiQL } from "graphiql";
import { useState } from "react";
import { examples } from "./examples.ts";
import { createGatewayFetcher } from "./fetcher.ts";
import type { Given } from "./fragment.ts";
import { TokenBar } from "./TokenBar.tsx";
import { temporaryStorage } from "./temporary-storage.ts";
import { storedToken, storeToken } from "./token.ts";

export function Playground({ given }: { given: Given }) {
  const [token, setToken] = useState(() => {
    if (given.token !== undefined) storeToken(given.token);
    return storedToken();
  });
  const [gateway] = useState(() => createGatewayFetcher(token));
  const [tabs] = useState(() => examples(given.device));
  // A link that fills in an example must not hide behind the tabs of an earlier visit, nor replace them.
  const [storage] = useState(() => (given.device === undefined ? {} : { storage: temporaryStorage() }));

  const changeToken = (next: string) => {
    storeToken(next);
    gateway.setToken(next);
    setToken(next);
  };

  return (
    <div className="playground">
      <TokenBar token={token} onChange={changeToken} />
      <div className="playground-editor">
        <GraphiQL fetcher={gateway.fetcher} defaultTabs={tabs} defaultEditorToolsVisibility="variables" {...storage}>
          <GraphiQL.Logo>
            <span />
          </GraphiQL.Logo>
        </GraphiQL>
      </div>
    </div>
  );
}
