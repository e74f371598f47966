// The thread of the comparison with piscina.
export default (value) => JSON.stringify(value);
