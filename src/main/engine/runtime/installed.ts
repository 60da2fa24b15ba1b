import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import envPaths from 'env-paths';
import { z } from 'zod';

/** The TensorFlow that the addon is built for; a runtime of another one does not fit it. */
export const tensorflowVersion = '2.21.0';

/** What an NVIDIA driver leaves on a Linux machine; the second is Windows' own under WSL. */
const driverFiles = ['/proc/driver/nvidia/version', '/usr/lib/wsl/lib/libcuda.so.1'];

/** runtime.json of an archive: what it is, and every file of it. */
export const runtimeManifestSchema = z.object({
  format: z.literal(1),
  variant: z.literal('cuda'),
  tensorflow: z.string(),
  /** `linux-x64` */
  platform: z.string(),
  files: z.record(
    z.string(),
    z.object({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});
export type RuntimeManifest = z.infer<typeof runtimeManifestSchema>;

/** The folder of runtimes that were installed beside the app; GRAFT_CACHE names another one. */
export function runtimesDir(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(env['GRAFT_CACHE'] ?? envPaths('graft', { suffix: '' }).cache, 'runtimes');
}

/** Where the CUDA runtime of this machine and this Graft stands. */
export const cudaFolder = (dir = runtimesDir()): string =>
  path.join(dir, `cuda-${tensorflowVersion}-${process.platform}-${process.arch}`);

/** The installed CUDA runtime: whole, since it was put in place by one rename; null: there is none. */
export function installedRuntime(
  dir = runtimesDir(),
): { folder: string; manifest: RuntimeManifest; bytes: number } | null {
  const folder = cudaFolder(dir);
  try {
    const manifest = runtimeManifestSchema.parse(
      JSON.parse(readFileSync(path.join(folder, 'runtime.json'), 'utf8')),
    );
    const files = Object.entries(manifest.files);
    // A cache folder may be cleaned by others, file by file.
    if (!files.every(([name, { bytes }]) => statSync(path.join(folder, name)).size === bytes)) return null;
    return { folder, manifest, bytes: files.reduce((sum, [, { bytes }]) => sum + bytes, 0) };
  } catch {
    return null;
  }
}

export const hasNvidiaDriver = (): boolean => driverFiles.some((file) => existsSync(file));

/**
 * The addon of the runtime that this process should compute with; null: the one inside the app. GRAFT_RUNTIME=cpu or cuda
 * decides, else whether there is an NVIDIA driver.
 */
export function chosenAddon(
  env: NodeJS.ProcessEnv = process.env,
  hasDriver = hasNvidiaDriver(),
  dir = runtimesDir(env),
): string | null {
  const asked = env['GRAFT_RUNTIME'];
  if (asked === 'cpu' || (asked !== 'cuda' && !hasDriver)) return null;
  const runtime = installedRuntime(dir);
  const addon = runtime && path.join(runtime.folder, addonName);
  return addon !== null && lstatSync(addon, { throwIfNoEntry: false }) ? addon : null;
}

/** From its place the addon looks for TensorFlow in ../../deps/lib; `deps` is a link to the runtime's own folder. */
const addonName = 'addon/napi-v8/tfjs_binding.node';
