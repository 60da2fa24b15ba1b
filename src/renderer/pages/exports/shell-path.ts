/** A path as one word of a command: of a POSIX shell, or of cmd and PowerShell where it is one of Windows. */
export function shellPath(path: string): string {
  const isWindows = /^([a-z]:[\\/]|\\\\)/i.test(path);
  const plain = isWindows ? /^[\w:\\/.~-]+$/ : /^[\w@%+=:,./-]+$/;
  if (plain.test(path)) return path;
  return isWindows ? `"${path}"` : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
