/** A table with a caption whose headings are buttons that sort it. Lives as long as the page. */
import * as l10n from '@vscode/l10n';

export interface Column<Row> {
  readonly title: string;
  /** What is sorted by; a number is set to the right. */
  readonly value: (row: Row) => string | number;
  /** What is shown; absent: the value. */
  readonly text?: (row: Row) => string;
  /** Absent: every cell that is not empty can be opened. */
  readonly canOpen?: (row: Row) => boolean;
  /** Makes the cell a link. */
  readonly open?: (row: Row) => void;
}

export interface Order {
  readonly column: number;
  readonly descending: boolean;
}

export class SortedTable<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #table = document.createElement('table');
  readonly #body: HTMLTableSectionElement;
  readonly #headings: readonly HTMLTableCellElement[];
  readonly #empty = document.createElement('p');
  #order: Order | undefined;
  #rows: readonly Row[] = [];
  #shown = '';

  /** @param nothing what to say when there are no rows */
  constructor(parent: HTMLElement, title: string, nothing: string, columns: readonly Column<Row>[], order?: Order) {
    this.#columns = columns;
    this.#order = order;
    const section = document.createElement('section');
    const heading = document.createElement('h2');
    heading.textContent = title;
    this.#empty.textContent = nothing;
    this.#table.setAttribute('aria-label', title);
    const row = this.#table.createTHead().insertRow();
    this.#headings = columns.map((column, index) => {
      const cell = document.createElement('th');
      const button = document.createElement('button');
      cell.scope = 'col';
      button.textContent = column.title;
      button.addEventListener('click', () => this.#sortBy(index));
      cell.append(button);
      row.append(cell);
      return cell;
    });
    this.#body = this.#table.createTBody();
    // A wide table scrolls by itself, with the keyboard too.
    const frame = document.createElement('div');
    frame.className = 'frame';
    frame.tabIndex = 0;
    frame.setAttribute('role', 'region');
    frame.setAttribute('aria-label', l10n.t('{0}, table', title));
    frame.append(this.#table);
    section.append(heading, this.#empty, frame);
    parent.append(section);
    this.show([]);
  }

  show(rows: readonly Row[]): void {
    this.#rows = rows;
    this.#render();
  }

  #sortBy(column: number): void {
    const isSame = this.#order?.column === column;
    this.#order = { column, descending: isSame ? !this.#order?.descending : false };
    this.#render();
  }

  #render(): void {
    const isEmpty = this.#rows.length === 0;
    this.#empty.hidden = !isEmpty;
    if (this.#table.parentElement) this.#table.parentElement.hidden = isEmpty;
    for (const [index, heading] of this.#headings.entries()) {
      const { column, descending = false } = this.#order ?? {};
      if (index === column) heading.ariaSort = descending ? 'descending' : 'ascending';
      else heading.removeAttribute('aria-sort');
    }
    const cells = this.#sorted().map((row) =>
      this.#columns.map(({ value, text }) => text?.(row) ?? String(value(row))),
    );
    const shown = JSON.stringify(cells);
    // Nothing is replaced without need: a selection or the focus would be lost.
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#body.replaceChildren(...this.#sorted().map((row) => this.#rowOf(row)));
  }

  #sorted(): readonly Row[] {
    const column = this.#columns[this.#order?.column ?? -1];
    if (!column) return this.#rows;
    const sign = this.#order?.descending === true ? -1 : 1;
    return this.#rows.toSorted((one, other) => sign * compare(column.value(one), column.value(other)));
  }

  #rowOf(row: Row): HTMLTableRowElement {
    const element = document.createElement('tr');
    for (const { value, text, open, canOpen } of this.#columns) {
      const cell = element.insertCell();
      const content = text?.(row) ?? String(value(row));
      if (typeof value(row) === 'number') cell.className = 'number';
      if (open === undefined || content === '' || canOpen?.(row) === false) cell.textContent = content;
      else {
        const link = document.createElement('button');
        link.className = 'link';
        link.textContent = content;
        link.addEventListener('click', () => open(row));
        cell.append(link);
      }
    }
    return element;
  }
}

function compare(one: string | number, other: string | number): number {
  return typeof one === 'number' && typeof other === 'number' ? one - other : String(one).localeCompare(String(other));
}
