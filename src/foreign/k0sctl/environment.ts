import { locateIn } from '../../inventory/json-document.ts';
import type { Environment } from '../../inventory/environment.ts';
import { unreadable } from '../problem.ts';
import { remedies } from '../remedies.ts';

/** `$$`, `$NAME`, `${…}` */
const reference = /\$(?:\$|([A-Za-z_]\w*)|\{([^}]*)(\}?))/g;
const wellFormed = /^([A-Za-z_]\w*)(?:(:?-)([\s\S]*))?$/;

/**
 * The text with the variables of the environment that k0sctl would put into it: `$NAME`, `${NAME}`, `${NAME:-default}`;
 * `$$` is a `$`. Throws KbootError E-USAGE for a variable that is not set, which k0sctl takes for an empty text, and for any
 * other expression.
 */
export function withEnvironment(text: string, file: string, env: Environment): string {
  const position = locateIn(text);
  // In comments, nothing has to be set.
  return text.replace(
    reference,
    (match, plain: string | undefined, inner: string | undefined, close, offset: number) => {
      if (match === '$$') return '$';
      const at = { file, ...position(offset) };
      if (isComment(text, offset)) return match;
      const [, name, operator, fallback] =
        plain === undefined ? (wellFormed.exec(inner ?? '') ?? []) : [plain, plain];
      if (name === undefined || (inner !== undefined && close !== '}'))
        throw unreadable(
          at,
          `kboot reads $NAME, \${NAME} and \${NAME:-default}, and not "${match.slice(0, 40)}"`,
          remedies.plainValue,
        );
      if (/^KBOOT_/i.test(name))
        throw unreadable(at, `${name} is one of kboot's own variables, some of which are passwords`);
      const value = env[name];
      if (value !== undefined && (value !== '' || operator !== ':-')) return value;
      if (fallback !== undefined) return fallback;
      throw unreadable(at, `the environment variable ${name} is not set`, remedies.setVariable);
    },
  );
}

function isComment(text: string, offset: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', offset) + 1, offset);
  return /(^|\s)#/.test(line);
}
