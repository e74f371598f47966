/**
 * What `emitDecoratorMetadata` makes of a type: the class that it names, or nothing that is imported. Mirrors how the
 * compiler serializes `design:type`. Pure.
 */
import type { Node } from 'oxc-parser';
import { leftmostName } from './syntax.ts';

type Name = Extract<Node, { type: 'Identifier' }>;

/**
 * The name that the compiler emits as a value for a type annotation; undefined: it emits a built-in class.
 * @param strictNullChecks whether `null` and `undefined` count in unions
 */
export function emittedName(type: Node, strictNullChecks: boolean): Name | undefined {
  switch (type.type) {
    case 'TSTypeAnnotation':
      return emittedName(type.typeAnnotation, strictNullChecks);
    case 'TSParenthesizedType':
      return emittedName(type.typeAnnotation, strictNullChecks);
    case 'TSTypeOperator':
      return type.operator === 'readonly' ? emittedName(type.typeAnnotation, strictNullChecks) : undefined;
    case 'TSTypeReference':
      return leftmostName(type.typeName);
    case 'TSUnionType':
      return commonName(
        type.types.filter((one) => one.type !== 'TSNeverKeyword' && (strictNullChecks || !isNothing(one))),
        strictNullChecks,
      );
    case 'TSIntersectionType':
      return commonName(
        type.types.filter((one) => one.type !== 'TSUnknownKeyword'),
        strictNullChecks,
      );
    case 'TSConditionalType':
      return commonName([type.trueType, type.falseType], strictNullChecks);
    default:
      return undefined;
  }
}

/** The type annotation of a parameter; that of the elements of a rest parameter. */
export function typeOfParameter(parameter: Node): Node | undefined {
  switch (parameter.type) {
    case 'TSParameterProperty':
      return typeOfParameter(parameter.parameter);
    case 'AssignmentPattern':
      return typeOfParameter(parameter.left);
    case 'RestElement': {
      const type = parameter.typeAnnotation?.typeAnnotation;
      return type?.type === 'TSArrayType' ? type.elementType : undefined;
    }
    case 'Identifier':
    case 'ArrayPattern':
    case 'ObjectPattern':
      return parameter.typeAnnotation ?? undefined;
    default:
      return undefined;
  }
}

/** Different classes become `Object`. */
function commonName(types: readonly Node[], strictNullChecks: boolean): Name | undefined {
  const names = types.map((type) => emittedName(type, strictNullChecks));
  const [first] = names;
  return first && names.every((name) => name?.name === first.name) ? first : undefined;
}

function isNothing({ type }: Node): boolean {
  return type === 'TSNullKeyword' || type === 'TSUndefinedKeyword';
}
