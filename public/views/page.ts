import { html } from "lit-html";
import { chain } from "./chain";
import { flow } from "./flow";
import { chooser, header } from "./header";
import { network } from "./network";
import { notices } from "./notices";
import { offers } from "./offers";
import { sell } from "./sell";
import { street } from "./street";
import { tokens } from "./tokens";
import { trades } from "./trades";
import type { View } from "./view";

export const page = (view: View) => html`
  ${header(view)} ${chooser(view)} ${notices(view)}
  <main>
    ${street(view)} ${flow(view)}
    <div class="columns">
      <div>${offers(view)} ${trades(view)}</div>
      <div>${tokens(view)} ${sell(view)} ${chain(view)}</div>
    </div>
    ${network(view)}
  </main>
  <footer>${view.t("footer")}</footer>
`;
