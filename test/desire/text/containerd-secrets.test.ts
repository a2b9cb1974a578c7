import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ownTemplates } from '../../../src/render/renderer.ts';
import { freshFolder } from '../../cli/folder.ts';
import { kboot } from '../../cli/run.ts';
import { inventoryWith } from '../../samples/inventory-options.ts';

const at = freshFolder();

it.each([
  [
    'containerd/config-v3.toml.hbs',
    '\n[plugins."io.x".registry.headers]\n  Authorization = "Basic aHVudGVyMg=="\n',
  ],
  ['containerd/config-v3.toml.hbs', '\n[proxy_plugins.x]\n  address = "http://u:hunter2@10.0.0.9"\n'],
  [
    'containerd/hosts.toml.hbs',
    '\n[host."https://x.example".header]\n  authorization = "Basic aHVudGVyMg=="\n',
  ],
])(
  'credentials in an own template %s make the file one for root, shown by its digest',
  async (path, more) => {
    mkdirSync(at('own/containerd'), { recursive: true });
    copyFileSync(join(ownTemplates, path), at(`own/${path}`));
    writeFileSync(at(`own/${path}`), readFileSync(at(`own/${path}`), 'utf8') + more);
    writeFileSync(
      at('mine.yaml'),
      inventoryWith([
        'templates: ./own',
        'containerd: {registries: [{host: r.example.com, mirrors: [{url: "https://m.example.com"}]}]}',
      ]),
    );
    const { out, error } = await kboot('plan', at('mine.yaml'), '--offline', '-o', 'json');
    expect(error).toBeUndefined();
    expect(out).not.toMatch(/hunter2|aHVud/);
    const file = path.includes('hosts')
      ? '/etc/containerd/certs.d/r.example.com/hosts.toml'
      : '/etc/containerd/config.toml';
    const script = out
      .split('"script":')
      .find((each) => each.includes(`kb_install`) && each.includes(` ${file} `));
    expect(script).toContain(`${file} 600`);
  },
);
