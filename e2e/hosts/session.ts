import type { Page } from 'playwright-core';

/** Graft, opened as a person does, on one of its hosts. */
export interface Session {
  /** The first window. */
  page: Page;
  /** Another window on the same workspace. */
  openWindow(): Promise<Page>;
  /** The address of a page of the app: "/data" → what `page.goto` takes. */
  address(page: string): string;
  /** Brings files into the window: through the system's dialog that `press` opens, or dropped where there is none. */
  chooseFiles(page: Page, press: () => Promise<void>, paths: string[]): Promise<void>;
  /** Closes as a person does: what runs keeps a checkpoint. */
  close(): Promise<void>;
  /** Ends the processes with no chance to save anything. */
  kill(): Promise<void>;
}

export interface HostKind {
  name: string;
  open: (workspace: string) => Promise<Session>;
}
