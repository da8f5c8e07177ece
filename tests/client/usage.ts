// What applications write against the client's types. It is compiled and not run: Chromium runs the module itself.

import { disconnect, disconnectAll, fetch, onConnectionChange } from "../../os-session/client/client.js";

export async function logOut(): Promise<void> {
  await disconnect();
  await disconnectAll();
  await disconnectAll({ userIndep: false });
  // @ts-expect-error the option is a boolean
  await disconnectAll({ userIndep: "false" });
  // @ts-expect-error options are named as in the documentation
  await disconnectAll({ user_indep: false });
}

export async function save(draft: string): Promise<string> {
  const response: Response = await fetch("/draft", { method: "POST", body: draft });
  await fetch(new URL("/draft", location.origin));
  await fetch(new Request("/draft"));
  return response.text();
}

const forget: () => void = onConnectionChange(({ restart }) => {
  if (confirm("Somebody else is connected. Load this page again?")) restart();
});
forget();
