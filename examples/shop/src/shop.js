// What the pages do by script. The client of os-session, which is in each page's head, does the rest: it restarts a page whose connection was
// changed elsewhere.

// This `fetch` says which tab sends the request, so that the draft is the tab's own.
import { fetch } from "/os-session/client.js";

const the = (id) => document.getElementById(id);

async function send(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response;
}

function say(list, text) {
  const line = document.createElement("li");
  line.textContent = text;
  list.append(line);
}

/* ---- The cart ---- */

function showCart({ items }) {
  the("cart").replaceChildren();
  for (const item of items) say(the("cart"), item);
}

for (const button of document.querySelectorAll("[data-item]")) {
  button.addEventListener("click", async () => {
    showCart(await (await send("/cart", { item: button.dataset.item })).json());
  });
}

the("order")?.addEventListener("click", async () => {
  await send("/order");
  showCart({ items: [] });
});

/* ---- The draft ---- */

const draft = the("draft");

if (draft) {
  draft.addEventListener("change", () => send("/draft", { text: draft.value }));
  // A page that was just loaded is a new process, so there is nothing to begin with.
  the("undo").addEventListener("click", async () => {
    draft.value = (await (await fetch("/draft")).json())?.text ?? "";
  });
}

/* ---- Notifications ---- */

if (the("notifications")) {
  const show = (text) => say(the("notifications"), text);
  // A browser opens six connections to a host, and may have twenty tabs: one of them holds the stream, and tells the others.
  const tabs = new BroadcastChannel("notifications");
  tabs.addEventListener("message", ({ data }) => show(data));
  navigator.locks.request("notifications", () => {
    const stream = new EventSource("/notifications");
    stream.addEventListener("message", ({ data }) => {
      show(data);
      tabs.postMessage(data);
    });
    return new Promise(() => {}); // until the tab is closed
  });
}

/* ---- The chat ---- */

const form = the("chat-form");

if (form) {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/chat`);
  socket.addEventListener("message", ({ data }) => say(the("chat-log"), data));
  socket.addEventListener("close", ({ reason }) => say(the("chat-log"), `The chat is closed. ${reason}`));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    socket.send(form.elements.text.value);
    form.reset();
  });
}
