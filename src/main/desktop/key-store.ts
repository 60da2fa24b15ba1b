import { app, safeStorage } from 'electron';
import path from 'node:path';
import { z } from 'zod';
import { readPrivate, writePrivate } from '../storage/private-file.ts';

const fileSchema = z.record(z.string(), z.string());
const secretsFile = (): string => path.join(app.getPath('userData'), 'secrets.json');
/** Where the system has no key store: they last until the app ends. */
const memory = new Map<string, string>();

/** Whether the system itself keeps the key: Electron's plain-text stand-in on Linux does not count. */
export async function hasKeyStore(): Promise<boolean> {
  if (!(await safeStorage.isAsyncEncryptionAvailable())) return false;
  return process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text';
}

/** Null when there is none, or when the system's key is another one now. */
export async function readSecret(name: string): Promise<string | null> {
  const kept = memory.get(name);
  const sealed = readAll()[name];
  if (kept !== undefined || sealed === undefined) return kept ?? null;
  try {
    return (await safeStorage.decryptStringAsync(Buffer.from(sealed, 'base64'))).result;
  } catch {
    return null;
  }
}

/** `value` null removes it. */
export async function writeSecret(name: string, value: string | null): Promise<void> {
  memory.delete(name);
  const secrets = Object.fromEntries(Object.entries(readAll()).filter(([key]) => key !== name));
  if (value !== null) {
    if (!(await hasKeyStore())) {
      memory.set(name, value);
      return;
    }
    secrets[name] = (await safeStorage.encryptStringAsync(value)).toString('base64');
  }
  writePrivate(secretsFile(), secrets);
}

const readAll = (): Record<string, string> => readPrivate(secretsFile(), fileSchema) ?? {};
