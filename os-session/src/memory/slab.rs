//! Places for values, numbered, given back and used again.

/// Values in numbered places. Unlike a map it has no spare capacity beyond one chunk, which counts at a million values.
#[derive(Debug)]
pub(super) struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
}

const CHUNK: usize = 1024;

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), free: Vec::new() }
    }

    /// How many places there are, used or free.
    pub(super) fn places(&self) -> u32 {
        match self.chunks.split_last() {
            Some((last, full)) => u32::try_from(full.len() * CHUNK + last.len()).expect("places are numbered by u32"),
            None => 0,
        }
    }

    pub(super) fn insert(&mut self, value: T) -> u32 {
        if let Some(place) = self.free.pop() {
            *self.slot(place) = Some(value);
            return place;
        }
        let place = self.places();
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(Some(value)),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(Some(value));
                self.chunks.push(chunk);
            }
        }
        place
    }

    pub(super) fn remove(&mut self, place: u32) -> Option<T> {
        let value = self.slot(place).take();
        if value.is_some() {
            self.free.push(place);
        }
        value
    }

    pub(super) fn get(&self, place: u32) -> Option<&T> {
        let place = place as usize;
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        let place = place as usize;
        self.chunks.get_mut(place / CHUNK)?.get_mut(place % CHUNK)?.as_mut()
    }

    fn slot(&mut self, place: u32) -> &mut Option<T> {
        let place = place as usize;
        &mut self.chunks[place / CHUNK][place % CHUNK]
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;

    fn index(&self, place: u32) -> &T {
        self.get(place).expect("the place is in use")
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, place: u32) -> &mut T {
        self.get_mut(place).expect("the place is in use")
    }
}
