// Keeps the address that somebody wanted while they sign in elsewhere; the router goes there afterwards.
export default function () {
  const search = window.location.search;
  if (search) sessionStorage.setItem("sheets.wanted", search);
}
