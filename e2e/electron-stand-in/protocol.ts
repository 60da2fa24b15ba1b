/** What a spec sends to the stand-in's process, and what it hears from it. */
export type ToStandIn =
  /** The answers of the next dialogs, in order. */
  | { type: 'open-dialog'; paths: string[] | null }
  | { type: 'message-box'; response: number }
  | { type: 'second-instance'; argv: string[] }
  | { type: 'click-menu'; label: string }
  | { type: 'quit' };

export type FromStandIn =
  | { type: 'notification'; title: string; body: string }
  | { type: 'progress'; share: number }
  | { type: 'utility-process'; service: string | undefined }
  | { type: 'error-box'; title: string; content: string }
  | { type: 'asked'; message: string }
  | { type: 'opened-outside'; url: string };

/** Set in the environment of the stand-in's process. */
export const BROWSER_ENDPOINT = 'GRAFT_STAND_IN_BROWSER';
export const USER_DATA = 'GRAFT_STAND_IN_USER_DATA';
