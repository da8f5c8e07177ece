// @ts-check
// The client of os-session: says which tab speaks, and restarts the page when its connection was changed elsewhere.
//
// One tab of the browser leads: it holds a lock and the one stream that the server is asked for. The others hear of it over a channel.
// Everything that travels is a state, or the word that the last one no longer holds; what was missed, the next state makes up for.

const here = new URL(".", import.meta.url);
const name = `os-session ${here.pathname}`;
const page = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="os-session"]'));

/* ---- Which tab speaks ---- */

// A page that was not told makes up its own, as good as any: it opens nothing in another browser.
const processId = page?.dataset.process ?? randomId();

function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @type {typeof import("./client.js").fetch} */
export function fetch(input, init) {
  const request = new Request(input, init);
  // Another site has no business with it, and would have to be asked first whether it takes the header.
  if (new URL(request.url).origin !== location.origin) return globalThis.fetch(request);
  request.headers.set("Os-Process", processId);
  const answer = globalThis.fetch(request);
  return ["GET", "HEAD"].includes(request.method) ? answer : noted(answer);
}

/**
 * Requests that may change the connection, and whose answers have not said yet whether they did.
 * @type {Set<Promise<void>>}
 */
const asked = new Set();
/** When an answer said that this tab changed the connection. */
let changedItAt = -Infinity;

/**
 * Notes whether the answer says that its request changed the connection, which this tab then knows.
 * @param {Promise<Response>} answer
 */
function noted(answer) {
  const settled = answer.then(
    ({ headers }) => {
      if (headers.get("Os-Connection") !== "changed") return;
      changedItAt = performance.now();
      known = null;
    },
    () => {},
  );
  asked.add(settled);
  void settled.then(() => asked.delete(settled));
  return answer;
}

/* ---- Log-out ---- */

/** @param {string} path */
async function post(path) {
  const response = await fetch(new URL(path, here), { method: "POST" });
  if (!response.ok) throw new Error(`os-session: the log-out failed with status ${response.status}`);
}

/** @type {typeof import("./client.js").disconnect} */
export async function disconnect() {
  await post("disconnect");
}

/** @type {typeof import("./client.js").disconnectAll} */
export async function disconnectAll({ userIndep = true } = {}) {
  await post(`disconnect-all?user_indep=${userIndep}`);
  // Nobody has to be warned of what they asked for.
  if (callbacks.size === 0) restart();
}

/* ---- What this page knows of its connection ---- */

/** The connection that the page was made for; `null` as long as it may be any. */
let known = page?.content || null;
/** When a state was heard last, since the page was loaded. */
let heardAt = -Infinity;
/** The page came back from the history, and is not shown before it is known to be still right. */
let isHidden = false;
let isRestarting = false;
let leftAt = -Infinity;

/** @type {Set<(change: import("./client.js").ConnectionChange) => void>} */
const callbacks = new Set();

/** @type {typeof import("./client.js").onConnectionChange} */
export function onConnectionChange(callback) {
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}

/**
 * Whether two descriptions are of one connection: the same session, and the same groups, if both are told by the same server process.
 * @param {string} one
 * @param {string} other
 */
function isSame(one, other) {
  const [session, process, groups] = one.split(".");
  const [otherSession, otherProcess, otherGroups] = other.split(".");
  return session === otherSession && (process === undefined || process !== otherProcess || groups === otherGroups);
}

/** @param {string} connection what the server says now */
function learn(connection) {
  const isFirst = heardAt === -Infinity;
  heardAt = performance.now();
  if (known === null || isSame(known, connection)) {
    known = connection;
    show();
  } else if (isFirst && restartedInVain && !isHidden) {
    // Once more would be the same: something between here and the server keeps old pages, or the cookie.
    console.warn("os-session: this page was just loaded, and is not of the connection that the server sees; is it cached?");
    known = connection;
  } else {
    if (isFirst) remember("os-session restarted", "1");
    changed();
  }
}

/**
 * Another node does not say which tab asked for a change; the answer to that tab does, and excuses one piece of news. If it does not come soon, the
 * next state of the stream says what has changed.
 */
async function changedUnlessByMe() {
  const heard = performance.now();
  await Promise.all(asked);
  if (changedItAt < heard - LATE) return changed();
  changedItAt = -Infinity;
}

/** How much later than its answer a change may be heard of, in milliseconds. */
const LATE = 2_000;

function changed() {
  if (isRestarting) return;
  if (isHidden) return restart();
  const sinceLeft = performance.now() - leftAt;
  if (sinceLeft < LEAVING) {
    // The page is about to be replaced, perhaps by the very answer that changed the connection: reloading would lose that.
    setTimeout(changed, LEAVING - sinceLeft);
    return;
  }
  known = null;
  if (callbacks.size > 0) {
    for (const callback of callbacks) {
      try {
        callback({ restart });
      } catch (error) {
        reportError(error);
      }
    }
  } else if (canRestart()) {
    isRestarting = true;
    warn("Your connection was changed elsewhere. This page restarts.");
    setTimeout(reload, WARNING);
  } else {
    warn("Your connection was changed elsewhere. Please load this page again.");
  }
}

/** How long the warning is shown before the restart, in milliseconds. */
const WARNING = 2_000;
/** How long a page may take to go once it began to, in milliseconds. */
const LEAVING = 10_000;

/** @param {string} text */
function warn(text) {
  document.querySelector(".os-session-warning")?.remove();
  const warning = document.createElement("div");
  warning.className = "os-session-warning";
  warning.setAttribute("role", "alert");
  warning.textContent = text;
  // Set by script and property by property, which a content security policy has nothing against.
  Object.assign(warning.style, {
    position: "fixed",
    inset: "0 0 auto 0",
    zIndex: "2147483647",
    padding: "0.75em 1em",
    font: "1rem/1.4 system-ui, sans-serif",
    textAlign: "center",
    color: "#fff",
    background: "#8a1c1c",
  });
  (document.body ?? document.documentElement).append(warning);
}

/* ---- Restart ---- */

/** Without cookies a restart leads back to where it began. */
function canRestart() {
  try {
    return navigator.cookieEnabled && sessionStorage.length >= 0;
  } catch {
    return false;
  }
}

function restart() {
  if (isRestarting || !canRestart()) return;
  isRestarting = true;
  reload();
}

function reload() {
  // A page that answered a form is asked for by its address, since loading it again would send the form again.
  if (page?.dataset.restart === "replace") location.replace(location.pathname + location.search);
  else location.reload();
}

/** @param {string} key @param {string} value */
function remember(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Then `canRestart` says no as well.
  }
}

/** @param {string} key */
function recall(key) {
  try {
    const value = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return value;
  } catch {
    return null;
  }
}

/** The page was loaded anew because it was not of the right connection. */
const restartedInVain = recall("os-session restarted") !== null;

/* ---- What tabs tell each other ---- */

/** @typedef {{ state: string } | { by: string | null } | { page: string | null }} Message */

const channel = new BroadcastChannel(name);

channel.addEventListener("message", ({ data }) => receive(data));

/** @param {Message} message */
function tell(message) {
  channel.postMessage(message);
  receive(message);
}

/** @param {Message} message */
function receive(message) {
  if ("state" in message) {
    learn(message.state);
  } else if ("by" in message) {
    // The tab that asked for the change knows; it is of whatever connection comes out of it.
    if (message.by === processId) known = null;
    else if (message.by === null) void changedUnlessByMe();
    else changed();
  } else if (current !== null) {
    // A page came up. One that knows something else may know better: what the browser's cookies are now, only a new stream tells.
    if (message.page === null || isSame(message.page, current)) tell({ state: current });
    else open();
  }
}

/* ---- The leader's stream ---- */

/** What the stream said last; `null` in a tab that does not lead, or whose stream is down. */
let current = /** @type {string | null} */ (null);
let stream = /** @type {EventSource | null} */ (null);
let isLeader = false;
let failures = 0;
/** When to give up the stream, or to open the next one. */
let timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

function open() {
  close();
  stream = new EventSource(new URL("events", here));
  give(20_000);
  stream.addEventListener("state", ({ data }) => {
    const { connection, heartbeat } = JSON.parse(data);
    failures = 0;
    patience = heartbeat * 2_500;
    give(patience);
    current = connection;
    tell({ state: connection });
  });
  stream.addEventListener("heartbeat", () => give(patience));
  stream.addEventListener("change", ({ data }) => {
    // The answer that changed the connection is under way to another tab, with cookies that the next stream needs.
    openIn(2_000 + Math.random() * 1_000);
    tell({ by: JSON.parse(data).by });
  });
  // Whatever went wrong, the browser would try again at once, together with all others, or never.
  stream.addEventListener("error", failed);
}

let patience = 40_000;

/** @param {number} time until the silence is taken for a failure, in milliseconds */
function give(time) {
  clearTimeout(timer);
  timer = setTimeout(failed, time);
}

/** Tries again after a time that doubles, up to half a minute, and is never quite that of other browsers. */
function failed() {
  const longest = Math.min(30_000, 1_000 * 2 ** failures);
  failures += 1;
  openIn(longest * (0.5 + Math.random() / 2));
}

/** @param {number} delay in milliseconds */
function openIn(delay) {
  close();
  timer = setTimeout(open, delay);
}

function close() {
  clearTimeout(timer);
  stream?.close();
  stream = null;
  current = null;
}

/** There is reason to believe that it works again. */
function hurry() {
  if (isLeader && stream === null && failures > 0) open();
}

addEventListener("online", hurry);

/* ---- Who leads ---- */

let stepDown = () => {};

function stepUp(steal = false) {
  const abort = new AbortController();
  /** @type {Promise<void>} */
  const untilOver = new Promise((resolve) => {
    stepDown = () => {
      isLeader = false;
      close();
      abort.abort();
      resolve();
    };
  });
  const lead = () => {
    isLeader = true;
    open();
    return untilOver;
  };
  if (navigator.locks) {
    // It is given up when the tab is closed, however that happens.
    navigator.locks.request(name, steal ? { steal } : { signal: abort.signal }, lead).catch(() => {
      // An abort is our own doing, unless the lock was stolen.
      if (!isLeader) return;
      stepDown();
      stepUp();
    });
  } else {
    // Over plain HTTP, other than on this machine, there are no locks: each tab leads itself.
    void lead();
  }
}

/** How long a leader may take to answer, in milliseconds. */
const PATIENCE = 3_000;

// The tab that is looked at does not depend on one that the browser has put to sleep.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  if (isLeader) return hurry();
  const askedAt = performance.now();
  channel.postMessage({ page: known });
  setTimeout(() => {
    if (isLeader || isHidden || heardAt >= askedAt) return;
    stepDown();
    stepUp(true);
  }, PATIENCE);
});

/* ---- The life of the page ---- */

addEventListener("beforeunload", () => {
  leftAt = performance.now();
});

addEventListener("pagehide", () => {
  stepDown();
  // The history may keep the page as it is, and show it again to whoever goes back: after a log-out, or to somebody else.
  isHidden = true;
  const { style } = document.documentElement;
  style.setProperty("visibility", "hidden", "important");
  style.setProperty("opacity", "0", "important");
});

function show() {
  if (!isHidden) return;
  isHidden = false;
  const { style } = document.documentElement;
  style.removeProperty("visibility");
  style.removeProperty("opacity");
}

addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  isRestarting = false;
  leftAt = -Infinity;
  if (known === null) return restart();
  stepUp();
  channel.postMessage({ page: known });
  setTimeout(() => {
    if (isHidden) restart();
  }, PATIENCE);
});

stepUp();
channel.postMessage({ page: known });
