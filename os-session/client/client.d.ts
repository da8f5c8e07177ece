/**
 * The client of os-session, as `/os-session/client.js` serves it. A page has it by `session.process().head()`; scripts that import from it
 * share the page's one instance.
 *
 * It restarts the page, with a warning, when its connection was changed elsewhere: by a log-in or a log-out in another tab of this browser, by a
 * log-out everywhere, by a change of the user's groups.
 */

/**
 * The browser's `fetch`. Requests to this site say which tab they come from, by the header `Os-Process`, so that they reach the slots of the tab.
 */
export function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

/**
 * Logs out. Other tabs of this browser restart; what this one does next is for the caller to say.
 *
 * Rejects if the server could not close the session; the user is connected as before.
 */
export function disconnect(): Promise<void>;

/**
 * Logs out everywhere. All tabs of the user restart, in every browser, this one included.
 *
 * Rejects if the server could not close the sessions; the user is connected as before.
 */
export function disconnectAll(options?: {
  /** Whether the browsers lose as well what is kept for them whoever is connected. By default they do. */
  userIndep?: boolean;
}): Promise<void>;

/**
 * Calls back when the connection was changed elsewhere, in place of the warning and the restart. Returns what takes the callback off again.
 */
export function onConnectionChange(callback: (change: ConnectionChange) => void): () => void;

/** A change that was made elsewhere: who is connected, or what they may do, is not what this page was made for. */
export interface ConnectionChange {
  /** Loads the page anew. */
  restart(): void;
}
