import ts from 'typescript';

/** Members and functions whose value is text for people. */
const displayMembers = ['resource', 'reason', 'title'];
const displayFunctions = ['targetText', 'targetWords', 'conditionText'];

/** Methods that look into the text that they are called on, or that compare it. */
const lookingInto = [
  ...['startsWith', 'endsWith', 'includes', 'indexOf', 'lastIndexOf', 'search', 'match', 'matchAll'],
  ...['split', 'replace', 'replaceAll', 'slice', 'substring', 'charAt', 'at', 'localeCompare'],
];
/** Methods that look a text up that they are given, or test it. */
const lookingUp = ['test', 'exec', 'includes', 'indexOf', 'has', 'get'];

const comparisons = [
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
];

/** A place where something is decided from text for people. */
export interface TextDecision {
  readonly line: number;
  readonly code: string;
}

/**
 * Where a file compares, tests, splits or looks up text that is for people: `step.reason`, `phase.title`,
 * `targetText(target)`, and variables that hold such a text.
 */
export function textDecisions(name: string, text: string): TextDecision[] {
  const tree = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const holders: { readonly variable: string; readonly scope: ts.Node }[] = [];
  const found: TextDecision[] = [];

  /** Whether an expression is text for people, or a part of it. */
  const isDisplay = (node: ts.Node): boolean => {
    if (
      ts.isParenthesizedExpression(node) ||
      ts.isNonNullExpression(node) ||
      ts.isAsExpression(node) ||
      ts.isSatisfiesExpression(node)
    )
      return isDisplay(node.expression);
    if (ts.isPropertyAccessExpression(node))
      return displayMembers.includes(node.name.text) || isDisplayCall(node.expression);
    if (ts.isElementAccessExpression(node)) {
      const { argumentExpression: key } = node;
      return ts.isStringLiteral(key) && displayMembers.includes(key.text);
    }
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
      return isDisplay(node.left) || isDisplay(node.right);
    if (ts.isTemplateExpression(node))
      return node.templateSpans.some(({ expression }) => isDisplay(expression));
    if (ts.isIdentifier(node))
      return holders.some(({ variable, scope }) => variable === node.text && isInside(node, scope));
    return isDisplayCall(node);
  };
  const isDisplayCall = (node: ts.Node): boolean =>
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    displayFunctions.includes(node.expression.text);

  const collect = (node: ts.Node): void => {
    if (ts.isBindingElement(node) && ts.isIdentifier(node.name) && ts.isObjectBindingPattern(node.parent)) {
      const member = node.propertyName ?? node.name;
      const initializer = initializerOf(node.parent);
      if (
        (ts.isIdentifier(member) && displayMembers.includes(member.text)) ||
        (initializer !== undefined && isDisplayCall(initializer))
      )
        holders.push({ variable: node.name.text, scope: scopeOf(node) });
    }
    if (
      ts.isVariableDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.initializer !== undefined &&
      isDisplay(node.initializer)
    )
      holders.push({ variable: node.name.text, scope: scopeOf(node) });
    ts.forEachChild(node, collect);
  };
  collect(tree);

  const visit = (node: ts.Node): void => {
    if (decides(node, isDisplay)) {
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
      found.push({ line: line + 1, code: node.getText(tree).replaceAll(/\s+/g, ' ') });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function decides(node: ts.Node, isDisplay: (node: ts.Node) => boolean): boolean {
  if (ts.isBinaryExpression(node) && comparisons.includes(node.operatorToken.kind))
    return (isDisplay(node.left) || isDisplay(node.right)) && !isAbsence(node.left) && !isAbsence(node.right);
  if (ts.isSwitchStatement(node)) return isDisplay(node.expression);
  if (ts.isElementAccessExpression(node)) return isDisplay(node.argumentExpression);
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { expression: on, name } = node.expression;
  return (
    (lookingInto.includes(name.text) && isDisplay(on)) ||
    (lookingUp.includes(name.text) && node.arguments.some(isDisplay))
  );
}

/** Whether there is a text at all is no matter of what it says. */
function isAbsence(node: ts.Node): boolean {
  return (
    (ts.isIdentifier(node) && node.text === 'undefined') ||
    node.kind === ts.SyntaxKind.NullKeyword ||
    (ts.isStringLiteral(node) && node.text === '')
  );
}

function initializerOf(pattern: ts.ObjectBindingPattern): ts.Expression | undefined {
  return ts.isVariableDeclaration(pattern.parent) ? pattern.parent.initializer : undefined;
}

/** The function, or block, in which a declaration holds. */
function scopeOf(node: ts.Node): ts.Node {
  let scope = node.parent;
  while (!ts.isFunctionLike(scope) && !ts.isBlock(scope) && !ts.isSourceFile(scope)) scope = scope.parent;
  return scope;
}

function isInside(node: ts.Node, scope: ts.Node): boolean {
  return node === scope || (!ts.isSourceFile(node) && isInside(node.parent, scope));
}
