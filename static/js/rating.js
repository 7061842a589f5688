// A reader who dismissed the rating does not see it again, on any page. The browser keeps that, not a cookie.
const KEY = "rating-dismissed";

const isDismissed = () => {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false; // storage is off: the rating comes back on the next page
  }
};

const dismiss = (rating) => {
  rating.classList.remove("rating--shown");
  try {
    localStorage.setItem(KEY, "1");
  } catch {
    // storage is off or full
  }
};

if (!isDismissed()) {
  for (const rating of document.querySelectorAll(".rating")) {
    rating.classList.add("rating--shown");
    rating.querySelector(".rating__dismiss").addEventListener("click", () => dismiss(rating));
  }
}
