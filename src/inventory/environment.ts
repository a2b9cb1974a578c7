export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substitution {
  readonly text: string;
  /** Whether at least one variable was substituted. */
  readonly changed: boolean;
  /** Problems with the references, worded for the user. */
  readonly problems: readonly string[];
}

const reference = /\$\$\{|\$\{([^}]*)(\}?)/g;
const wellFormed = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/**
 * Substitutes environment variables in one value: `${NAME}` must be set, `${NAME:-default}` falls back to the
 * default when NAME is unset or empty, `$${` is a literal `${`. Any other `$` is kept.
 */
export function substitute(text: string, env: Environment): Substitution {
  if (!text.includes('${')) return { text, changed: false, problems: [] };
  const problems: string[] = [];
  let changed = false;
  const result = text.replace(
    reference,
    (match: string, inner: string | undefined, close: string | undefined) => {
      if (inner === undefined) return '${';
      const [, name, fallback] = wellFormed.exec(inner) ?? [];
      if (name === undefined || close !== '}') {
        problems.push(`"${match}" must be \${NAME} or \${NAME:-default}; write $\${ for a literal \${`);
        return match;
      }
      changed = true;
      const value = env[name];
      if (fallback !== undefined && (value === undefined || value === '')) return fallback;
      if (value === undefined) {
        problems.push(
          `environment variable ${name} is not set; set it, or provide a default: \${${name}:-VALUE}`,
        );
        return match;
      }
      return value;
    },
  );
  return { text: result, changed, problems };
}
