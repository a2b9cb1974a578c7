import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

/** A problem that an editor would underline; `line` counts from 1, as people do. */
export interface Problem {
  readonly line: number;
  readonly message: string;
}

/** A YAML language server, spoken to as an editor does. */
export interface LanguageServer {
  /** What is wrong with `text`, were it the content of `path`. */
  problems(path: string, text: string): Promise<readonly Problem[]>;
  /** What may be typed at a place of a text that `problems` was asked about; both numbers count from 1. */
  completions(path: string, line: number, column: number): Promise<readonly string[]>;
  close(): void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
}

interface Range {
  readonly start: { readonly line: number };
}

interface Diagnostics {
  readonly uri: string;
  readonly diagnostics: readonly { readonly range: Range; readonly message: string }[];
}

/** The settings of an editor that fetches no schemas. */
const settings = {
  validate: true,
  completion: true,
  schemaStore: { enable: false },
  kubernetesCRDStore: { enable: false },
};

export async function startLanguageServer(): Promise<LanguageServer> {
  const program = require.resolve('yaml-language-server/bin/yaml-language-server');
  const child = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const answers = new Map<number, (result: unknown) => void>();
  const published = new Map<string, (problems: readonly Problem[]) => void>();
  let sent = 0;

  const send = (message: object): void => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  const ask = (method: string, params: object): Promise<unknown> =>
    new Promise((resolve) => {
      const id = ++sent;
      answers.set(id, resolve);
      send({ id, method, params });
    });
  const take = ({ id, method, params, result }: Message): void => {
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as Diagnostics;
      published.get(uri)?.(
        diagnostics.map(({ range, message }) => ({ line: range.start.line + 1, message })),
      );
    } else if (method === 'workspace/configuration') {
      const { items } = params as { items: readonly { readonly section: string }[] };
      send({ id, result: items.map(({ section }) => (section === 'yaml' ? settings : {})) });
    } else if (method !== undefined && id !== undefined) send({ id, result: null });
    else if (id !== undefined) answers.get(id)?.(result);
  };

  let unread = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (;;) {
      const [head = '', length] = /^Content-Length: (\d+)\r\n\r\n/.exec(unread.toString('latin1')) ?? [];
      const end = head.length + Number(length);
      if (head === '' || unread.length < end) return;
      take(JSON.parse(unread.subarray(head.length, end).toString()) as Message);
      unread = unread.subarray(end);
    }
  });

  const capabilities = { workspace: { configuration: true }, textDocument: { completion: {} } };
  await ask('initialize', { processId: process.pid, rootUri: null, capabilities });
  send({ method: 'initialized', params: {} });
  return {
    problems: (path, text) =>
      new Promise((resolve) => {
        const uri = pathToFileURL(path).href;
        published.set(uri, resolve);
        send({
          method: 'textDocument/didOpen',
          params: { textDocument: { uri, languageId: 'yaml', version: 1, text } },
        });
      }),
    completions: async (path, line, column) => {
      const answer = await ask('textDocument/completion', {
        textDocument: { uri: pathToFileURL(path).href },
        position: { line: line - 1, character: column - 1 },
      });
      return (answer as { items: readonly { label: string }[] }).items.map(({ label }) => label);
    },
    close: () => child.kill(),
  };
}
