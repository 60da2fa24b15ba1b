/**
 * The isolated world of a preload script, emulated with Chromium's own isolated worlds. Runs there, before the page's
 * own scripts; `__standIn` is a binding that exists in that world only.
 */
export function preloadWorld(preload: string): string {
  return `(() => {
    const tell = (message) => __standIn(JSON.stringify(message));
    const listeners = new Map();
    const strict = (name, part) => new Proxy(part, {
      get(target, key) {
        if (!(key in target)) throw new Error('The Electron stand-in has no ' + name + '.' + String(key) + '.');
        return target[key];
      },
    });
    const ports = new Map();
    globalThis.__standInReceive = ({ channel, message, port }) => {
      const given = [];
      if (port !== null) {
        const { port1, port2 } = new MessageChannel();
        port2.onmessage = ({ data }) => tell({ type: 'port', port, data });
        ports.set(port, port2);
        given.push(port1);
      }
      for (const listener of listeners.get(channel) ?? []) listener({ ports: given }, message);
    };
    globalThis.__standInPort = (port, data) => ports.get(port)?.postMessage(data);
    const ipcRenderer = strict('ipcRenderer', {
      send: (channel, ...args) => tell({ type: 'ipc', channel, args }),
      on: (channel, listener) => void listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
    });
    const webUtils = strict('webUtils', {
      // Chromium tells no page where a file stands; Electron answers '' for a file that stands nowhere.
      getPathForFile: (file) => {
        if (!(file instanceof File)) throw new TypeError('getPathForFile takes a File.');
        return '';
      },
    });
    const contextBridge = strict('contextBridge', {
      executeInMainWorld: ({ func, args = [] }) => {
        const isFunction = args.map((arg) => typeof arg === 'function');
        window.addEventListener('stand-in:call', ({ detail: { id, index, args: given } }) => {
          const value = args[index](...given);
          window.dispatchEvent(new CustomEvent('stand-in:return:' + id, { detail: { value } }));
        });
        const values = args.map((arg, index) => (isFunction[index] ? null : arg));
        tell({ type: 'execute', func: String(func), isFunction, values });
      },
    });
    const electron = strict('electron', { ipcRenderer, webUtils, contextBridge });
    const require = (name) => {
      if (name !== 'electron') throw new Error('A sandboxed preload script has no module ' + name + '.');
      return electron;
    };
    const module = { exports: {} };
    (function (require, module, exports) { ${preload}
    })(require, module, module.exports);
  })();`;
}

/** Runs a function of the preload script in the page's world; its function arguments call back across the border. */
export function mainWorld(func: string, isFunction: boolean[], values: unknown[]): string {
  return `(() => {
    let next = 0;
    const remote = (index) => (...args) => {
      const id = ++next;
      let result;
      window.addEventListener('stand-in:return:' + id, ({ detail }) => (result = detail), { once: true });
      window.dispatchEvent(new CustomEvent('stand-in:call', { detail: { id, index, args } }));
      return result?.value;
    };
    const isFunction = ${JSON.stringify(isFunction)};
    const values = ${JSON.stringify(values)};
    (${func})(...values.map((value, index) => (isFunction[index] ? remote(index) : value)));
  })();`;
}
