import { flowRule, type FlowRule } from '../flow/flow-rule.ts';
import type { Trace } from '../flow/trace.ts';

const SQL =
  /\b(?:select\s[^]*\bfrom\b|insert\s+into\b|update\s[^]*\bset\b|delete\s+from\b|(?:create|drop|alter|truncate)\s+(?:table|database|index|view|user|schema)\b|where\s|order\s+by\b|from\s+\w+|union\s+select|call\s+\w+\s*\(|exec(?:ute)?\s+\w+|grant\s|set\s+\w+\s*=)/i;

const isSql = ({ around, isWhole }: Trace): boolean => !isWhole && SQL.test(around);

/** From the first word on, so that a sentence is none. */
const isStatement = ({ source, isWhole, before }: Trace): boolean =>
  !isWhole &&
  source.kind === 'request' &&
  /^\s*(?:select\s[^]+\sfrom\s[^]*\s(?:where|order|group|limit|and|join)\s|select\s[^]+\sfrom\s+[`"]?$|insert\s+into\s|update\s+\S+\s+set\s|update\s+[`"]?$|delete\s+from\s)/i.test(
    before ?? '',
  );

export const table: FlowRule = {
  meta: {
    name: 'sql-injection',
    severity: 'error',
    description: 'Data from outside in the text of an SQL statement.',
    why: 'Whoever chooses a part of the statement can change what it does: read every table, or delete it. Leave a placeholder in the text and pass the value beside it.',
    cwe: 89,
    confidence: 'high',
    bad: "import express from 'express';\nimport { Pool } from 'pg';\n\nconst pool = new Pool();\nexpress().get('/user', async (req, res) => {\n  const { rows } = await pool.query(\"SELECT * FROM users WHERE name = '\" + req.query.name + \"'\");\n  res.json(rows);\n});",
    good: "import express from 'express';\nimport { Pool } from 'pg';\n\nconst pool = new Pool();\nexpress().get('/user', async (req, res) => {\n  const { rows } = await pool.query('SELECT * FROM users WHERE name = $1', [req.query.name]);\n  res.json(rows);\n});",
  },
  sinks: [
    // Drivers that are known by their import: a statement that comes from outside as a whole is one too.
    { callee: /^(?:pg|pg-promise|mysql2?(?:\/promise)?|mariadb|sqlite3?|better-sqlite3|mssql|oracledb|tedious|@vercel\/postgres|postgres|@planetscale\/database)\b.*\.(?:query|execute|run|all|get|each|exec|prepare|unsafe|any|one|none|many|manyOrNone|oneOrNone|batch)$/, arguments: [0] },
    { callee: /^(?:mssql|tedious)\.Request\(\)?/, arguments: [0], accepts: isSql },
    { callee: /\.(?:query|execute|raw|literal|\$queryRawUnsafe|\$executeRawUnsafe|unsafe|run|all|get|each|exec|prepare|any|one|none|many|manyOrNone|oneOrNone|queryAsync|executeSql|executeQuery|createQueryBuilder|whereRaw|havingRaw|orderByRaw|groupByRaw|joinRaw|selectRaw|fromRaw|andWhereRaw|orWhereRaw|where|andWhere|orWhere|having|orderBy|groupBy|batch)$/, arguments: [0], accepts: isSql },
    { callee: /\.(?:whereRaw|havingRaw|orderByRaw|groupByRaw|joinRaw|andWhereRaw|orWhereRaw|fromRaw|\$queryRawUnsafe|\$executeRawUnsafe)$/, arguments: [0] },
    { callee: /\b(?:knex|sequelize|Sequelize|prisma|drizzle|sql)(?:\(\))?\.(?:raw|literal)$/, arguments: [0] },
    { callee: /^(?:sequelize|\?sequelize|typeorm)\b.*\.query$|^\?(?:sequelize|dataSource|entityManager|queryRunner)\.query$/, arguments: [0] },
    { callee: /\.(?:where|andWhere|orWhere)$/, arguments: [0], accepts: ({ isWhole, around }) => !isWhole && /\b\w+\.?\w*\s*(?:=|<|>|\blike\b|\bin\b)\s*['"(]?\s*%?\uE000/i.test(around) },
    { callee: /\.query$/, arguments: [0], properties: ['sql', 'text', 'query'], accepts: isSql },
  ],
  // A statement that goes to a function of which nothing is known.
  *others({ tree, names }) {
    const texts = [...tree.all('TemplateLiteral'), ...tree.all('BinaryExpression'), ...tree.all('CallExpression')];
    for (const value of texts) {
      const parent = tree.parent(value);
      if (value.type === 'BinaryExpression' && (value.operator !== '+' || parent?.type === 'BinaryExpression')) continue;
      if (value.type === 'TemplateLiteral' && parent?.type === 'TaggedTemplateExpression') continue;
      if (value.type === 'CallExpression' && names.pathOf(value.callee) !== 'util.format') continue;
      yield { value, what: 'a statement of SQL', isLast: true, accepts: isStatement };
    }
  },
  advice: 'Leave a placeholder in the statement, and pass the value as a parameter.',
}; // prettier-ignore

export const rule = flowRule(table);
