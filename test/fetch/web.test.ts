import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { brokenError } from '../../src/fetch/fetch-error.ts';
import { proxyFor } from '../../src/fetch/proxy.ts';
import { openWeb, type Web } from '../../src/fetch/web.ts';
import { serve, type FakeServer } from './servers.ts';

let server: FakeServer;
let interrupt: AbortController;
let web: Web;
let heard: string[];
beforeEach(async () => {
  interrupt = new AbortController();
  heard = [];
  web = openWeb({ signal: interrupt.signal, heard: (line) => heard.push(line), silenceMs: 1000 });
  server = await serve(({ url = '' }, response) => {
    if (url === '/round') return void response.writeHead(302, { location: '/round' }).end();
    if (url.startsWith('/old')) return void response.writeHead(302, { location: '../new?key=secret' }).end();
    if (url === '/file') return void response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    return url.startsWith('/new') ? Buffer.from('bytes '.repeat(50_000)) : 404;
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  web.close();
  await server.close();
});

async function read(path: string): Promise<number> {
  let size = 0;
  for await (const chunk of (await web.get(new URL(path, server.origin))).body) size += chunk.length;
  return size;
}

describe('a GET', () => {
  it('follows redirects, and logs each one without its query', async () => {
    expect(await read('/old/')).toBe(300_000);
    expect(heard).toEqual([`GET ${server.origin}/old/ 302`, `GET ${server.origin}/new 200`]);
  });

  it.each([
    ['/round', 'too many redirects'],
    ['/file', 'redirects to file:///etc/passwd'],
    ['/none', 'HTTP status 404'],
  ])('E-FETCH for %s', async (path, message) => {
    await expect(read(path)).rejects.toMatchObject({
      code: 'E-FETCH',
      message: expect.stringContaining(message) as string,
    });
  });

  it('E-FETCH for a body that is cut off', async () => {
    server.faults.set('/new', 'cut');
    await expect(read('/new')).rejects.toMatchObject({
      code: 'E-FETCH',
      message: `${server.origin}/new: the connection was lost`,
      context: { remedy: expect.stringContaining('Run the same command again') as string },
    });
  });

  it.each(['silent', 'stuck'] as const)(
    'E-FETCH for a server that is %s, or E-INTERRUPTED',
    async (fault) => {
      server.faults.set('/new', fault);
      await expect(read('/new')).rejects.toMatchObject({
        code: 'E-FETCH',
        message: `${server.origin}/new: no data for 1 s`,
      });
      const waiting = read('/new');
      setTimeout(() => {
        interrupt.abort();
      }, 50);
      await expect(waiting).rejects.toMatchObject({ code: 'E-INTERRUPTED' });
    },
  );

  it('accepts a server that is slow but not silent', async () => {
    server.faults.set('/new', 'slow');
    expect(await read('/new')).toBe(300_000);
  });

  it('E-FETCH for a body that brings a byte now and then', async () => {
    const dripping = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'), 50);
      response.once('close', () => {
        clearInterval(timer);
      });
      return undefined;
    });
    try {
      const { body } = await web.get(new URL(`${dripping.origin}/drip`));
      const reading = (async () => {
        for await (const chunk of body) expect(chunk.length).toBeGreaterThan(0);
      })();
      await expect(reading).rejects.toMatchObject({ code: 'E-FETCH' });
    } finally {
      await dripping.close();
    }
  });

  it('does not read an answer without end that it does not use', async () => {
    let sent = 0;
    const endless = await serve((_request, response) => {
      response.writeHead(404);
      const more = (): void => {
        while (!response.destroyed) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more);
        }
      };
      more();
      return undefined;
    });
    try {
      await expect(web.get(new URL(`${endless.origin}/none`))).rejects.toMatchObject({ code: 'E-FETCH' });
      await vi.waitFor(() => {
        const before = sent;
        expect(sent).toBe(before);
        expect(sent).toBeGreaterThan(0);
      });
      const stopped = sent;
      await new Promise((done) => setTimeout(done, 200));
      expect(sent - stopped).toBeLessThan(20 * 65_536);
    } finally {
      await endless.close();
    }
  });

  it('E-FETCH where nothing listens', async () => {
    await server.close();
    await expect(read('/new')).rejects.toMatchObject({
      code: 'E-FETCH',
      message: `${server.origin}/new: the connection was refused`,
    });
  });
});

describe('a proxy', () => {
  const asked: string[] = [];
  let proxy: Server;
  let connected: (client: Socket) => void;
  beforeEach(async () => {
    asked.length = 0;
    proxy = createServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.host ?? ''}`);
      response.end('from the proxy');
    }).on('connect', (request: IncomingMessage, client: Socket) => {
      asked.push(`CONNECT ${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`);
      connected(client);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    vi.stubEnv('http_proxy', `127.0.0.1:${port}`);
    vi.stubEnv('https_proxy', `http://me:p%40ss@127.0.0.1:${port}`);
  });
  afterEach(() => {
    proxy.close();
    proxy.closeAllConnections();
  });

  it('receives plain HTTP requests', async () => {
    expect((await web.get(new URL('http://mirror.example/x/y'))).size).toBe('from the proxy'.length);
    expect(asked).toEqual(['GET http://mirror.example/x/y mirror.example']);
  });

  it('is a tunnel for HTTPS, with the name of the host behind it in TLS', async () => {
    let name = '';
    connected = (client) => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.once('data', (hello) => {
        name = hello.toString('latin1');
        client.destroy();
      });
    };
    await expect(web.get(new URL('https://secure.example/z'))).rejects.toMatchObject({ code: 'E-FETCH' });
    expect(asked).toEqual([`CONNECT secure.example:443 Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
    expect(name).toContain('secure.example');
  });

  it.each([
    ['refuses', 'HTTP/1.1 403 Forbidden\r\n\r\n', 'HTTP status 403 from the proxy'],
    ['hangs up', '', 'the connection was lost'],
    ['says nothing', undefined, 'no data for 1 s'],
  ])('that %s is reported', async (_how, says, message) => {
    connected = (client) => {
      if (says !== undefined) client.end(says);
    };
    await expect(web.get(new URL('https://secure.example/z'))).rejects.toMatchObject({
      code: 'E-FETCH',
      message: `https://secure.example/z: ${message}`,
    });
    expect(asked).toHaveLength(1);
  });
});

describe('NO_PROXY', () => {
  const passedBy = (list: string, url: string): boolean => {
    vi.stubEnv('https_proxy', 'proxy.example:3128');
    vi.stubEnv('no_proxy', list);
    return proxyFor(new URL(url)) === undefined;
  };

  it.each([
    ['example.com', 'https://example.com/', true],
    ['other.org,example.com', 'https://mirror.EXAMPLE.com/', true],
    ['.example.com', 'https://mirror.example.com/', true],
    ['*.example.com', 'https://mirror.example.com/', true],
    ['example.com', 'https://notexample.com/', false],
    ['example.com:5000', 'https://example.com:5000/', true],
    ['example.com:5000', 'https://example.com/', false],
    ['10.0.0.0/8, ::1', 'https://10.1.2.3:5000/', true],
    ['10.0.0.0/8, ::1', 'https://[::1]:5000/', true],
    ['10.0.0.0/8', 'https://11.0.0.1/', false],
    ['fd00::/8', 'https://10.0.0.1/', false],
    ['*', 'https://example.com/', true],
    ['', 'https://example.com/', false],
  ])('%s has %s: %s', (list, url, direct) => {
    expect(passedBy(list, url)).toBe(direct);
  });

  it('does not hide an invalid proxy', () => {
    vi.stubEnv('https_proxy', 'socks5://proxy.example');
    expect(() => proxyFor(new URL('https://example.com'))).toThrow(
      'HTTPS_PROXY is not the URL of an HTTP proxy',
    );
  });
});

it('says what to do for names, connections and certificates', () => {
  const of = (code: string, more: object = {}): { message: string; remedy: string | undefined } => {
    const { message, context } = brokenError(new URL('https://dl.k8s.io/x?y'), { code, ...more });
    return { message, remedy: context.remedy };
  };
  expect(of('ENOTFOUND', { hostname: 'dl.k8s.io' })).toEqual({
    message: 'https://dl.k8s.io/x: the name does not resolve',
    remedy: expect.stringContaining('HTTPS_PROXY') as string,
  });
  expect(of('ENOTFOUND', { hostname: 'proxy' }).message).toContain('does not resolve (proxy)');
  expect(of('SELF_SIGNED_CERT_IN_CHAIN').remedy).toContain('NODE_EXTRA_CA_CERTS');
  expect(of('EOTHER', { message: 'odd' }).message).toBe('https://dl.k8s.io/x: odd');
});
