/** Saves a drawing as the person's file, with the colours of the present theme. */
export async function saveChart(svg: SVGSVGElement, title: string, kind: 'svg' | 'png'): Promise<void> {
  const text = standalone(svg);
  const blob = kind === 'svg' ? new Blob([text], { type: 'image/svg+xml' }) : await toPng(text, svg);
  saveFile(blob, title, kind);
}

/** Gives the person a file named after its title. */
export function saveFile(blob: Blob, title: string, ending: string): void {
  const name = `${title.replaceAll(/[^\p{L}\p{N}]+/gu, '-').toLowerCase() || 'chart'}.${ending}`;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The drawing as a file of its own: custom properties become the values they have here. */
function standalone(svg: SVGSVGElement): string {
  const style = getComputedStyle(document.documentElement);
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  ground.setAttribute('width', '100%');
  ground.setAttribute('height', '100%');
  ground.setAttribute('fill', 'var(--color-surface)');
  copy.prepend(ground);
  return new XMLSerializer()
    .serializeToString(copy)
    .replaceAll(/var\((--[\w-]+)\)/g, (_, name: string) =>
      style.getPropertyValue(name).trim().replaceAll('"', "'"),
    );
}

async function toPng(text: string, { clientWidth, clientHeight }: SVGSVGElement): Promise<Blob> {
  const image = new Image(clientWidth, clientHeight);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  // Sharp in print and on dense screens.
  [canvas.width, canvas.height] = [clientWidth * 2, clientHeight * 2];
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.')))),
  );
}
