import "./rating.js";
import "./share.js";
import "./video.js";
import "./contents.js";
import "./figure.js";
import "./player.js";
import "./proof.js";
import "./in-place.js";
