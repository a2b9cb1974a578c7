import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/*
 * Runs inside a lab's bridge namespace: mirror.ts ADDRESS PORT FOLDER. A mirror of release files, and a registry of
 * images, from a folder with `files.json` (path → file of this machine), `tags.json` (REPOSITORY:TAG → digest), and
 * `blobs/sha256/HEX`. Prints a line once it listens.
 */

const [address, port, folder = ''] = process.argv.slice(2);
const read = (name: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as Readonly<Record<string, string>>;
const [files, tags] = [read('files.json'), read('tags.json')];

const server = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const [, repository = '', kind, what = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
  const digest = what.startsWith('sha256:') ? what : (tags[`${repository}:${what}`] ?? '');
  const file = kind === undefined ? files[path.slice(1)] : join(folder, 'blobs', digest.replace(':', '/'));
  process.stdout.write(`${request.method ?? ''} ${path}\n`);
  if (path === '/v2/') return void response.end('{}');
  if (file === undefined || (kind !== undefined && digest === '') || !existsSync(file))
    return void response.writeHead(404).end();
  response.setHeader('content-length', statSync(file).size);
  if (kind === 'manifests') {
    const { mediaType } = JSON.parse(readFileSync(file, 'utf8')) as { mediaType: string };
    response.setHeader('content-type', mediaType);
    response.setHeader('docker-content-digest', digest);
  }
  if (request.method === 'HEAD') return void response.end();
  createReadStream(file).pipe(response);
});
server.listen(Number(port), address, () => process.stdout.write('listens\n'));
