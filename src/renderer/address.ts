export interface Address {
  path: string;
  query: Readonly<Record<string, string>>;
}

/** Reads the fragment of an address, `#/data/x/rows?finding=leaks`. What is no address of ours is the home page. */
export function parseAddress(fragment: string): Address {
  const text = fragment.replace(/^#/, '');
  if (!text.startsWith('/')) return { path: '/', query: {} };
  const [path = '/', query = ''] = text.split('?', 2);
  return {
    path: path.length > 1 ? path.replace(/\/+$/, '') : path,
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The parameters of `path` under `pattern` (`/data/:id/:tab?`), or null where it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  if (given.length > wanted.length) return null;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at];
    if (!part.startsWith(':')) {
      if (part !== value) return null;
    } else if (value !== undefined) {
      const decoded = decode(value);
      if (decoded === null) return null;
      params[part.replace(/^:|\?$/g, '')] = decoded;
    } else if (!part.endsWith('?')) {
      return null;
    }
  }
  return params;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The `href` of a page: `href('/data/x/rows', { finding: 'leaks' })`. */
export function href(path: string, query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `#${path}${text ? `?${text}` : ''}`;
}
