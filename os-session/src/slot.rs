//! State in a scope: a typed, named value of a request, a tab, a browser or a user.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Session;
use crate::error::{Error, SlotError, SlotFailure};
use crate::scope::{Lasting, Scope};

mod kept;
pub(crate) mod registry;
pub(crate) mod turns;
pub(crate) mod volatile;

use self::kept::Bytes;
use self::volatile::{Cell, Held};

/// A value in a [scope](crate::scope), declared as a static: persistent in the store, or volatile in this process.
///
/// Reading what was never set creates nothing and sets no cookie.
///
/// ```
/// use os_session::{Error, Session, Slot, connected, scope};
///
/// #[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
/// struct Cart { items: Vec<String> }
///
/// /// Of the browser, whoever is connected in it: it survives log-in and log-out.
/// static CART: Slot<Cart, scope::UserIndepSession> = Slot::persistent("cart");
///
/// #[connected(opt)]
/// async fn add(session: Session, item: String) -> Result<String, Error> {
///     let count = CART.update(&session, |cart| {
///         cart.items.push(item.clone());
///         cart.items.len()
///     }).await?;
///     Ok(format!("{count} in your cart"))
/// }
/// ```
///
/// A persistent value is kept as JSON under its name. A write checks that this JSON decodes as the
/// slot's type. One that does not is [an error](SlotFailure::Encode), and nothing is written: JSON
/// has no NaN, for example. What JSON does not distinguish is not distinguished: `Some(f64::NAN)`
/// and `Some(None)` come back as `None`.
///
/// A value that no longer decodes, after a change of the type, is [an error](SlotFailure::Decode)
/// for [`get`](Slot::get) and [`update`](Slot::update), and stays in the store. Give new fields a
/// `#[serde(default)]`, or give the slot another name. [`set`](Slot::set) replaces such a value,
/// [`take`](Slot::take) and [`remove`](Slot::remove) remove it.
///
/// Two slots of one name in one scope are the same value; declare each once. With [`#[slot]`](macro@crate::slot) above them, a second one is an error at
/// start.
///
/// It is a `static` and not a `const`, which would be another slot wherever it is named:
///
/// ```compile_fail
/// use os_session::{Session, Slot, scope};
///
/// const SEEN: Slot<u32, scope::User> = Slot::volatile();
///
/// async fn see(session: Session) {
///     SEEN.set(&session, 1).await.unwrap();
/// }
/// ```
pub struct Slot<T, S> {
    name: &'static str,
    kind: Keeping<T>,
    scope: PhantomData<fn() -> S>,
    /// What can change cannot be a constant: a volatile slot is told by where it stands, and constants stand where they like.
    _place: AtomicU8,
}

/// A type whose values a store can keep: every one with serde's two traits. Not for implementing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a store",
    label = "no `Serialize` and `DeserializeOwned`",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` above it, or `Slot::volatile()` for what stays in this process"
)]
pub trait Storable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T> Storable for T where T: Serialize + DeserializeOwned {}

enum Keeping<T> {
    Persistent {
        encode: fn(&T) -> serde_json::Result<Vec<u8>>,
        decode: fn(&[u8]) -> serde_json::Result<T>,
    },
    /// Handed out as a clone, so that nobody holds a lock.
    Volatile {
        clone: fn(&T) -> T,
    },
}

impl<T, S> fmt::Debug for Slot<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&self.name).finish()
    }
}

/// Declaring.
impl<T, S> Slot<T, S> {
    /// A value in the store. It lasts as its scope does, and is seen by every process on that store.
    ///
    /// # Panics
    ///
    /// If the name is empty: in a static, that is a compile error.
    #[must_use]
    pub const fn persistent(name: &'static str) -> Self
    where
        T: Storable,
        S: Lasting,
    {
        assert!(!name.is_empty(), "a slot needs a name");
        Self {
            name,
            kind: Keeping::Persistent {
                encode: |value| serde_json::to_vec(value),
                decode: |bytes| serde_json::from_slice(bytes),
            },
            scope: PhantomData,
            _place: AtomicU8::new(0),
        }
    }

    /// A value in the memory of this process: a handle on something open, for example, or what is quickly made again.
    #[must_use]
    pub const fn volatile() -> Self
    where
        T: Clone,
        S: Scope,
    {
        Self {
            name: "",
            kind: Keeping::Volatile { clone: |value| value.clone() },
            scope: PhantomData,
            _place: AtomicU8::new(0),
        }
    }
}

/// Using.
///
/// # Errors
///
/// Each method fails with [`Error::Store`] if the store fails, and with [`Error::Slot`] for a value
/// that cannot be read or kept. Those that write fail with [`Error::NotConnected`] where the scope
/// needs a connection, with [`Error::NoProcess`] where it needs a tab, and with
/// [`Error::AnswerSent`] where a browser would have to get a cookie and the answer has left. They
/// fail with [`Error::BrowserRenewed`] if a log-in exchanged the token of the browser before the
/// request arrived, or on another node while it ran. Then nothing was changed.
impl<T, S> Slot<T, S>
where
    T: Send + Sync + 'static,
    S: Scope,
{
    /// The value, if one was set.
    ///
    /// # Errors
    ///
    /// As above. Where there is no such scope in this request, nobody connected for example, there is no value.
    pub async fn get(&'static self, session: &Session) -> Result<Option<T>, Error> {
        let Some(place) = S::KIND.find(session).await? else { return Ok(None) };
        match &self.kind {
            Keeping::Persistent { decode, .. } => {
                let read = self.bytes().read(session, &place).await?;
                read.map(|value| self.decode(*decode, &value.value)).transpose()
            }
            Keeping::Volatile { clone } => {
                let held = volatile::find(session, &place, self.id());
                Ok(held.and_then(|held| Self::cell(&held).get()).map(|value| clone(&value)))
            }
        }
    }

    /// Sets the value, whatever it was.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn set(&'static self, session: &Session, value: T) -> Result<(), Error> {
        match &self.kind {
            Keeping::Persistent { encode, decode } => {
                self.bytes().set(session, &self.encode(*encode, *decode, &value)?).await
            }
            Keeping::Volatile { .. } => {
                let held = self.volatile_cell(session).await?;
                Self::cell(&held).replace(Some(Arc::new(value)));
                Ok(())
            }
        }
    }

    /// Changes the value, and answers what the change returns. What was never set starts as the default.
    ///
    /// It is atomic: no change of another request is lost, on whichever node of a shared store it was made. So the change may be tried
    /// more than once, on a value read anew; only the last try counts.
    ///
    /// # Errors
    ///
    /// As above, and [`SlotFailure::Contended`] if others were faster each time.
    pub async fn update<R>(&'static self, session: &Session, change: impl FnMut(&mut T) -> R + Send) -> Result<R, Error>
    where
        T: Default,
        R: Send,
    {
        self.update_or_else(session, T::default, change).await
    }

    /// The same for a value without a default: `first` makes what was never set.
    ///
    /// # Errors
    ///
    /// As [`update`](Slot::update).
    pub async fn update_or_else<R>(
        &'static self,
        session: &Session,
        mut first: impl FnMut() -> T + Send,
        mut change: impl FnMut(&mut T) -> R + Send,
    ) -> Result<R, Error>
    where
        R: Send,
    {
        match &self.kind {
            Keeping::Persistent { encode, decode } => {
                self.bytes()
                    .update(session, |bytes| {
                        let mut value = bytes.map_or_else(|| Ok(first()), |bytes| self.decode(*decode, bytes))?;
                        let answer = change(&mut value);
                        Ok((self.encode(*encode, *decode, &value)?, answer))
                    })
                    .await
            }
            Keeping::Volatile { clone } => {
                let held = self.volatile_cell(session).await?;
                let cell = Self::cell(&held);
                // The change is made to a copy without a lock, and counts if nothing else changed
                // the value meanwhile. A panic half-way leaves the value as it was.
                for _ in 0..volatile::TRIES {
                    {
                        let before = cell.get();
                        let mut value = before.as_deref().map_or_else(&mut first, clone);
                        let answer = change(&mut value);
                        if cell.replace_if(before.as_ref(), value) {
                            return Ok(answer);
                        }
                    }
                    tokio::task::yield_now().await;
                }
                Err(volatile::failed(SlotFailure::Contended))
            }
        }
    }

    /// Removes the value and returns it.
    ///
    /// # Errors
    ///
    /// As [`get`](Slot::get). After [`SlotFailure::Decode`] the value is removed as well.
    pub async fn take(&'static self, session: &Session) -> Result<Option<T>, Error> {
        match &self.kind {
            Keeping::Persistent { decode, .. } => {
                let taken = self.bytes().take(session).await?;
                taken.map(|value| self.decode(*decode, &value)).transpose()
            }
            Keeping::Volatile { clone } => {
                let Some(place) = S::KIND.find(session).await? else { return Ok(None) };
                let held = volatile::remove(session, &place, self.id());
                let taken = held.and_then(|held| Self::cell(&held).replace(None));
                Ok(taken.map(|value| Arc::try_unwrap(value).unwrap_or_else(|value| clone(&value))))
            }
        }
    }

    /// Removes the value without reading it. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// As [`get`](Slot::get), except that every value can be removed.
    pub async fn remove(&'static self, session: &Session) -> Result<bool, Error> {
        match &self.kind {
            Keeping::Persistent { .. } => Ok(self.bytes().take(session).await?.is_some()),
            Keeping::Volatile { .. } => {
                let Some(place) = S::KIND.find(session).await? else { return Ok(false) };
                Ok(volatile::remove(session, &place, self.id()).is_some())
            }
        }
    }

    fn bytes(&self) -> Bytes {
        Bytes { name: self.name, scope: S::KIND }
    }

    /// A volatile slot has no name: it is told by where it stands.
    fn id(&'static self) -> volatile::Id {
        std::ptr::from_ref(self).addr()
    }

    async fn volatile_cell(&'static self, session: &Session) -> Result<Held, Error> {
        volatile::find_or_make(session, S::KIND, self.id(), || Arc::new(Cell::<T>::new())).await
    }

    fn cell(held: &Held) -> &Cell<T> {
        held.downcast_ref().expect("nobody but this slot has its place")
    }

    /// What does not decode is refused here, while the value that it would replace is still there.
    fn encode(
        &self,
        encode: fn(&T) -> serde_json::Result<Vec<u8>>,
        decode: fn(&[u8]) -> serde_json::Result<T>,
        value: &T,
    ) -> Result<Vec<u8>, Error> {
        let refused = |why| self.failed(SlotFailure::Encode(why));
        let bytes = encode(value).map_err(|error| refused(error.into()))?;
        decode(&bytes).map_err(|error| {
            let (wanted, column) = (std::any::type_name::<T>(), error.column());
            refused(format!("what it encodes to does not decode as `{wanted}` at column {column}").into())
        })?;
        Ok(bytes)
    }

    /// What does not fit is told by its place: the value itself is nobody's business but its owner's.
    fn decode(&self, decode: fn(&[u8]) -> serde_json::Result<T>, bytes: &[u8]) -> Result<T, Error> {
        let wanted = std::any::type_name::<T>();
        decode(bytes).map_err(|error| self.failed(SlotFailure::Decode { wanted, column: error.column() }))
    }

    fn failed(&self, failure: SlotFailure) -> Error {
        Error::Slot(SlotError { slot: self.name, failure })
    }
}
