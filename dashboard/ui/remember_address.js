// Keeps the requested address during sign-in at the provider; the router opens it afterwards.
export default function () {
  const search = window.location.search;
  if (search) sessionStorage.setItem("sheets.wanted", search);
}
