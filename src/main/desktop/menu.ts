import { app, Menu, type MenuItemConstructorOptions } from 'electron';

/** The menus that people of each platform expect; what the app does has its place in the window. */
export function setMenu(openWindow: () => void): void {
  const mac = process.platform === 'darwin';
  const fileItems: MenuItemConstructorOptions[] = [
    { label: 'New Window', accelerator: 'CmdOrCtrl+Shift+N', click: openWindow },
    { type: 'separator' },
    { role: mac ? 'close' : 'quit' },
  ];
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    { label: 'File', submenu: fileItems },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
      ],
    },
    { role: 'windowMenu' },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
