import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface BrowserBinary {
  executablePath: string;
  args: string[];
}

const places: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

/** The Chromium of the packages on Linux x64, else the installed Chrome, Edge or Chromium; null: there is none. */
export async function findBrowser(): Promise<BrowserBinary | null> {
  if (process.platform === 'linux' && process.arch === 'x64') {
    const { default: chromium } = await import('@sparticuz/chromium');
    const executablePath = await chromium.executablePath();
    return { executablePath, args: ['--no-sandbox', '--disable-gpu', '--headless=shell'] };
  }
  const found = (places[process.platform] ?? []).find((place) => existsSync(place)) ?? onPath();
  return found === undefined ? null : { executablePath: found, args: [] };
}

function onPath(): string | undefined {
  for (const name of ['google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // The next name.
    }
  }
  return undefined;
}
