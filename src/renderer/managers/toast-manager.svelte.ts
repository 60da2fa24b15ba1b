export interface Toast {
  id: number;
  text: string;
  /** Undoes what was done. */
  undo?: () => unknown;
}

const SHOWN_MS = 10_000;

/** Short messages at the bottom of the window; what can be undone can be for ten seconds. */
class ToastManager {
  toasts = $state<Toast[]>([]);
  #next = 1;

  show(text: string, undo?: Toast['undo']): void {
    const id = this.#next++;
    this.toasts.push({ id, text, ...(undo ? { undo } : {}) });
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }
}

export const toasts = new ToastManager();
