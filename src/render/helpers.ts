import Handlebars from 'handlebars/runtime.js';
import {
  bareWord,
  calendarEvent,
  environmentValue,
  jsonScalar,
  systemdAssignment,
  systemdWord,
  yamlScalar,
  type Scalar,
} from './scalars.ts';

/**
 * All helpers of a template. Each value goes through a format, so that it cannot break out of its place in the
 * file; several arguments are joined first: `{{yaml "--name=" name}}`.
 */
export const formats: Readonly<Record<string, (value: Scalar) => string>> = {
  /** YAML scalar in block style; inside `[…]` or `{…}` it is {{json}}. */
  yaml: yamlScalar,
  /** JSON scalar. */
  json: jsonScalar,
  /** TOML scalar; kboot's JSON strings are also TOML basic strings. */
  toml: jsonScalar,
  /** One word of a systemd command line. */
  systemd: systemdWord,
  /** `NAME=value` of Environment= in a systemd unit. */
  assignment: systemdAssignment,
  /** Quoted value in a systemd EnvironmentFile. */
  env: environmentValue,
  /** Unquoted word; any other value is refused. */
  word: bareWord,
  /** Value of OnCalendar= in a systemd timer. */
  calendar: calendarEvent,
};

/** Blocks; unlike handlebars' own, they throw on an undefined variable. */
export const blocks = ['if', 'unless', 'each'] as const;

/** A problem at a position in a template; the renderer adds the template's name. */
export class TemplateProblem extends Error {
  readonly line: number | undefined;
  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

interface Options extends Handlebars.HelperOptions {
  readonly name: string;
  readonly loc?: { readonly start: { readonly line: number } };
}

/** A handlebars instance with only kboot's helpers. */
export function createEnvironment(): typeof Handlebars {
  const environment = Handlebars.create();
  for (const [name, format] of Object.entries(formats)) {
    environment.registerHelper(name, (...all: unknown[]) => {
      const options = all.pop() as Options;
      return formatted(format, all, options);
    });
  }
  environment.registerHelper('if', function (this: unknown, value: unknown, options: Options) {
    return truthy(value, options) ? options.fn(this) : options.inverse(this);
  });
  environment.registerHelper('unless', function (this: unknown, value: unknown, options: Options) {
    return truthy(value, options) ? options.inverse(this) : options.fn(this);
  });
  environment.registerHelper('each', (items: unknown, options: Options) => {
    if (!Array.isArray(items)) throw problem('#each needs a list', options);
    const last = items.length - 1;
    const render = (item: unknown, index: number): string => {
      const frame = Handlebars.createFrame(options.data as object) as object;
      const data = { ...frame, index, first: index === 0, last: index === last };
      return options.fn(item, { data });
    };
    return items.map(render).join('');
  });
  return environment;
}

function formatted(format: (value: Scalar) => string, values: readonly unknown[], options: Options): string {
  const scalars = values.map((value) => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    throw problem(`{{${options.name}}} got ${describe(value)}`, options);
  });
  const [first, ...more] = scalars;
  if (first === undefined) throw problem(`{{${options.name}}} needs a value`, options);
  try {
    return format(more.length === 0 ? first : scalars.join(''));
  } catch (error) {
    throw problem(`{{${options.name}}}: ${error instanceof Error ? error.message : String(error)}`, options);
  }
}

function truthy(value: unknown, options: Options): boolean {
  if (value === undefined) throw problem(`#${options.name} got an undefined variable`, options);
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function describe(value: unknown): string {
  if (value === undefined) return 'an undefined variable';
  return value === null ? 'null' : `a ${Array.isArray(value) ? 'list' : typeof value}`;
}

function problem(message: string, options: Options): TemplateProblem {
  return new TemplateProblem(message, options.loc?.start.line);
}
